"""What people write in a reply, read: how strong, how many, which shape and seed, what to avoid; and the prompt.

Understands English, Portuguese and Spanish, and the flags that people know from Midjourney. Pure.
"""

import re
import unicodedata
from dataclasses import dataclass

from generation import MAX_SEED

MAX_COUNT = 4
LOW, MEDIUM, HIGH = 0.25, 0.5, 0.8

#: words of strength, without accents; taken where they stand alone between commas, or end the sentence after one
STRENGTH_WORDS = {
    LOW: "subtle|subtly|more subtle|slight|slightly|light|lightly|gentle|gently|soft|softly|low|weak|mild|mildly|"
    "a little|a bit|just a bit|just a little|only a little|"
    "sutil|sutilmente|mais sutil|leve|levemente|suave|suavemente|fraco|baixo|baixa|um pouco|um pouquinho|so um pouco|"
    "mas sutil|ligero|ligeramente|debil|bajo|baja|un poco|un poquito|solo un poco|poco",
    MEDIUM: "medium|moderate|moderately|normal|medio|media|moderado|moderada|moderadamente",
    HIGH: "strong|stronger|strongly|very strong|heavy|heavily|high|major|a lot|much|very much|"
    "forte|fortemente|mais forte|muito|muito forte|alto|alta|intenso|bastante|"
    "fuerte|fuertemente|mas fuerte|muy fuerte|mucho|intensa",
}
_WORDS = {word: value for value, words in STRENGTH_WORDS.items() for word in words.split("|")}
_NAMED = r"(?:strength|denoising|denoise|forca|intensidade|fuerza|intensidad)"
_FLAG = re.compile(r"(?:--|—)\s*([a-z]+)\b\s*(.*?)(?=(?:--|—)\s*[a-z]|$)", re.IGNORECASE | re.DOTALL)
_NUMBERS = {"two": 2, "three": 3, "four": 4, "duas": 2, "dois": 2, "tres": 3, "quatro": 4, "dos": 2, "cuatro": 4}
_COUNT = re.compile(
    rf"(?<![\w.,:])(?:([1-9])\s?[x×]|[x×]\s?([1-9])|([1-9]|{'|'.join(_NUMBERS)}) (?:pictures|images|versions|"
    r"variations|imagens|fotos|versoes|variacoes|imagenes|versiones|variaciones))(?![\w:])"
)
_NAMED_STRENGTH = re.compile(rf"\b{_NAMED}\s*(?:of|de|:|=)?\s*(\d+(?:[.,]\d+)?\s*%?|[a-z ]+?)\s*(?=[,;.]?$|[,;])")
_NUMBER = re.compile(r"(?:^|\s)(?:(0[.,]\d+|1[.,]0+)|(\d{1,3})\s*%)$")
_ADDS = re.compile(
    r"(?:as|in|with|without|but|at|on|under|like|look|looks|looking|more|less|como|com|sem|mas|em|no|na|con|sin|pero|"
    r"en|mais|menos|mas|parecido|parecida|estilo|style)\b"
)
_COURTESY = re.compile(r"(?:please|por favor)\b[\s,:]*")
_REPLACING = re.compile(
    r"(?:make (?:it|this|him|her|them) into|turn (?:it|this) into|change (?:it|this) (?:in)?to|redo (?:it|this)|"
    r"draw (?:it|this)|transforme(?: isso)? em|conviertelo en|dibujalo)\b[\s,:]*"
)
_SHAPING = re.compile(
    r"(?:make (?:it|this|him|her|them)|faca|faz|deixe|deixa|torne|haz(?:lo|la)?|ponlo|ponla|dejalo|dejala)\b[\s,:]*"
)
#: "make it a dragon" is another picture, "make it blue" the same in blue
_THING = re.compile(r"(?:an?|the|one|two|three|um|uma|o|dois|duas|un|una|el|la|dos)\b")
#: what is left hanging where a strength was cut out: "a red car with strength 70%"
_HANGING = re.compile(r"\s+(?:with|at|com|con|a)$")
#: Midjourney's, of which we have nothing like, with values that are words
_WORDY_FLAGS = {"style", "sref", "cref", "oref", "profile", "p", "v", "version", "niji", "q", "quality"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A reply as it was understood; None where nothing was said of it."""

    prompt: str = ""
    strength: float | None = None
    count: int | None = None
    size: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    #: whether the words change the picture's prompt ("as a watercolour") rather than replace it ("a dog")
    adds: bool = False
    #: flags that we have nothing like
    unknown: tuple[str, ...] = ()

    def prompt_for(self, before: str) -> str:
        """The prompt for a picture that was made with the prompt ``before``."""
        if not self.prompt:
            return before
        return f"{before}, {self.prompt}" if before and self.adds else self.prompt


def read_reply(text: str) -> Phrase:
    """Read a reply's words."""
    found: dict[str, object] = {}
    unknown: list[str] = []
    text = _FLAG.sub(lambda match: _take_flag(match[1].lower(), match[2].strip(" ,"), found, unknown), text)
    parts = [part.strip() for part in re.split(r"[;,\n]\s+|[;,\n]$|\.\s*$", text.strip())]
    kept = [part for part in (_take(part, found) for part in parts) if part]
    prompt, adds = _opened(", ".join(kept))
    return Phrase(prompt=prompt.strip(" ,"), adds=adds, unknown=tuple(unknown), **found)  # type: ignore[arg-type]


def _opened(prompt: str) -> tuple[str, bool]:
    """The prompt without an opening that says nothing, and whether it is added to what the picture shows."""
    if opening := _COURTESY.match(_plain(prompt)):
        prompt = prompt[opening.end() :]
    if opening := _REPLACING.match(_plain(prompt)):
        return prompt[opening.end() :], False
    if opening := _SHAPING.match(_plain(prompt)):
        prompt = prompt[opening.end() :]
        return prompt, not _THING.match(_plain(prompt))
    return prompt, bool(_ADDS.match(_plain(prompt)))


def _take_flag(name: str, value: str, found: dict[str, object], unknown: list[str]) -> str:
    first, _, rest = value.partition(" ")
    match name:
        case "ar" | "aspect":
            found["size"] = first
        case "seed" if first.isdigit() and int(first) <= MAX_SEED:
            found["seed"] = int(first)
        case "no" | "sem" | "sin":
            found["negative_prompt"] = value
            return ""
        case "strength" if (strength := _number(first)) is not None:
            found["strength"] = strength
        case "count" | "n" if first.isdigit():
            found["count"] = min(MAX_COUNT, max(1, int(first)))
        case _:
            unknown.append(f"--{name}")
            if name in _WORDY_FLAGS:
                return f" {rest}"
            # A flag of ours that was misspelt must not swallow the words after its value.
            return f" {rest}" if re.fullmatch(r"[\d.]*", first) else f" {value}"
    return f" {rest}"


def _take(part: str, found: dict[str, object]) -> str:
    """What is left of a part for the prompt."""
    plain = _plain(part)
    if match := _COUNT.search(plain):
        said = match[1] or match[2] or match[3]
        found["count"] = min(MAX_COUNT, _NUMBERS.get(said) or int(said))
        part = f"{part[: match.start()]} {part[match.end() :]}".strip()
        plain = _plain(part)
    if plain in _WORDS:
        found["strength"] = _WORDS[plain]
        return ""
    if match := _NAMED_STRENGTH.search(plain):
        value = _WORDS.get(match[1].strip(), _number(match[1]))
        if value is not None:
            found["strength"] = value
            return f"{_before(part, match)} {part[match.end() :]}".strip()
    if match := _NUMBER.search(plain):
        value = _number(match[1] or f"{match[2]}%")
        if value is not None:
            found["strength"] = value
            return _before(part, match)
    return " ".join(part.split())


def _before(part: str, match: re.Match[str]) -> str:
    before = part[: match.start()].strip()
    hanging = _HANGING.search(_plain(before))
    return before[: hanging.start()] if hanging else before


def _number(text: str) -> float | None:
    text = text.strip().replace(",", ".")
    try:
        value = float(text.rstrip("% ")) / (100 if text.endswith("%") else 1)
    except ValueError:
        return None
    return round(value, 3) if 0 < value <= 1 else None


def _plain(text: str) -> str:
    """Lower case without accents, letter for letter, so that places in it are places in the text."""
    letters = (unicodedata.normalize("NFD", letter)[0] if letter else "" for letter in text)
    return "".join(letters).lower()
