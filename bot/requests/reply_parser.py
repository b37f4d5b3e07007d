"""What people write in a reply, read: how strong, how many, how much larger, which shape; flags; and the prompt.

Understands English, Portuguese and Spanish, and the flags that people know from Midjourney. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.requests.flags import MAX_COUNT, read_flags, read_values
from bot.requests.words.enlarging import asked_factor, bare_factor
from bot.requests.words.instruction import changes_picture
from bot.requests.words.numbers import NUMBER_WORDS, read_seed, strength_in, without_accents

_NAMED = r"(?:strength|denoising|denoise|forca|intensidade|fuerza|intensidad)"
_PICTURES = (
    r"(?:(?:give me|make|show me|i want|quero|quiero|dame|me de|me da|faca|faz|haz|hazme) )?"
    rf"([1-9]|{'|'.join(NUMBER_WORDS)}) (?:pictures|images|versions|variations|imagens|fotos|versoes|variacoes|"
    r"imagenes|versiones|variaciones)(?: (?:of|de)\b)?"
)
#: at the beginning or the end of a part; elsewhere, as in “a 3 x 5 card”, it belongs to the picture
_COUNT = re.compile(rf"(?:([1-9])\s?[x×]|[x×]\s?([1-9])|{_PICTURES})(?=$|\s+(?:an?|the|uma?|una?|o|el|la)\b)")
_LAST_COUNT = re.compile(r"\s(?:([1-9])[x×]|[x×]([1-9]))$")
_NAMED_STRENGTH = re.compile(rf"\b{_NAMED}\s*(?:of|de|:|=)?\s*(\d*[.,]?\d+\s*%?|[a-z ]+?)\s*(?=[,;.]?$|[,;])")
_NUMBER = re.compile(r"(?:^|\s)(0[.,]\d+|1[.,]0+|(?<![\w.])[.,]\d+|\d{1,3}\s*%)$")
#: “high strength”, and “(strong)” behind the rest
_STRENGTH_BEHIND = re.compile(
    r"(?:^|\s)(?:(?:with|at|com|con|a) )?(?:an? )?([a-z]+) (?:strength|denoise|denoising)$|\s\(([^()]+)\)$"
)
_ADDS = re.compile(
    r"(?:as|in|with|without|but|at|on|under|like|look|looks|looking|more|less|como|com|sem|mas|em|no|na|con|sin|pero|"
    r"en|mais|menos|mas|parecido|parecida|estilo|style|a noite|de noche|de noite|add|remove|change the|mude|"
    r"troque|cambia|quita|"
    r"pon|ponle|anade|agrega|adicione|adiciona|coloque|coloca|tire|remova|now|now in|agora|ahora|same but|"
    r"darker|brighter|lighter)\b"
)
_COURTESY = re.compile(
    r"(?:(?:please|por favor|porfa|pls|can you|could you|now|agora|ahora|ok|okay|and|e|y|but(?! not)|pero(?! no)|"
    r"mas(?= (?:com|sem|em|no|na|de|mais|menos|a noite)\b))\b[\s,:]*|"
    r"(?:/?imagine(?: prompt)?:?\s|/txt2img\s|prompt:)\s*|"
    r"(?:same again|try (?:it )?again|again|(?:the |exactly the )?same(?: thing| one)?|de novo|outra vez|"
    r"o mesmo|a mesma coisa|"
    r"otra vez|lo mismo|igual)\s*(?:,|but|pero|mas)\s+)+(?=\S)"
)
#: the same once more, with the words that it has
_AGAIN = re.compile(
    r"same again|(?:(?:try|do|make|draw) (?:it |this )?)?(?:again|once more)|one more(?: time)?|another(?: one)?|"
    r"redo(?: it| this)?|(?:faz |tenta )?(?:de novo|outra vez|mais uma(?: vez)?)|"
    r"(?:hazlo |prueba )?(?:otra(?: vez| mas)?|de nuevo|una mas)"
)
_RATIO = re.compile(
    r"(?:(?:make it|make this|in|as|em|en|a|formato|format) )?"
    r"(\d{1,2}:\d{1,2}|\d{2}[x×]\d{1,2}|\d[x×]\d{2})(?: format| formato)?"
)
_SHAPE = r"square|landscape|portrait|vertical|horizontal|quadrado|cuadrado|retrato|paisagem|paisaje"
_SHAPED = re.compile(
    rf"(?:(?:make it|make this|in|as|em|en|hazlo|hazla|deixa|deixe) )?(?:({_SHAPE}|wide|tall|largo|ancho|alto) "
    rf"(?:format|mode|orientation|formato)|formato ({_SHAPE}|largo|ancho|alto))|"
    rf"(?:make it|make this|hazlo|hazla|deixa|deixe) (square|landscape|vertical|horizontal|quadrado|cuadrado)"
)
_SAME_SEED = r"(?:the |a |la )?(?:same|mesma|misma) (?:seed|semente|semilla)\b"
_SAME_SEED_FIRST = re.compile(rf"(?:(?:use|usa|with|com|con) )?{_SAME_SEED}(?: (?:but|and|mas|pero|e|y)\b)*")
_SAME_SEED_LAST = re.compile(rf"(?:^| (?:with|and|com|con|e|y) ){_SAME_SEED}$")
_SEED = re.compile(r"(?:with |same |com |con )?(?:the |a |la )?(?:seed|semente|semilla)\s*[:=]?\s*(\d{1,10})")
_SEED_BEHIND = re.compile(r"\s(?:with |com |con )?(?:the |a |la )?(?:seed|semente|semilla)\s*[:=]?\s*(\d{1,10})$")
_CUSTOM_EMOJI = re.compile(r"<a?:\w+:\d+>")
_PLEASE = re.compile(r"(?:^|[\s,]+)(?:please|pls|plz|por favor|porfa|pfv)\W*$")
_REPLACING = re.compile(
    r"(?:make (?:it|this|h(?:im|er)|them) into|turn (?:it|this) into|change (?:it|this) (?:in)?to|redo (?:it|this)|"
    r"draw (?:it|this)|transforme(?: isso)? em|conviertelo en|dibujalo)\b[\s,:]*"
)
_SHAPING = re.compile(
    r"(?:make (?:it|this|h(?:im|er)|them)|faca|faz|deixe|deixa|torne|haz(?:lo|la)?|ponlo|ponla|dejalo|dejala)\b[\s,:]*"
)
#: “make the sky purple”, “add a hat”: an order about a part of the picture, which keeps its words
_ORDER = re.compile(
    r"(?:make|turn|change|add|remove|delete|erase|replace|swap|give|put|paint|colou?r|recolou?r|zoom|"
    r"brighten|darken|lighten|blur|sharpen|soften|"
    r"simplify|get rid of|faca|mude|muda|troque|troca|adicione|adiciona|acrescente|coloque|coloca|bote|bota|"
    r"tire|tira|remova|apague|"
    r"substitua|pinte|pinta|haz|pon\w*|cambia\w*|anade\w*|agrega\w*|quita\w*|elimina|borra\w*|reemplaza|"
    r"sustituye|pinta\w*)\b"
)
#: "make it a dragon" is another picture, "make it blue" the same in blue
_THING = re.compile(r"(?:an?|the|one|two|three|um|uma|o|dois|duas|un|una|el|la|dos)\b")
#: what is left over after a strength was cut out: "a red car with strength 70%"
_HANGING = re.compile(r"\s+(?:with|at|com|con|a)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A reply as it was understood; None if nothing was said of it."""

    prompt: str = ""
    strength: float | None = None
    count: int | None = None
    #: times larger, where the picture is to be enlarged
    enlarge: int | None = None
    #: whether the picture's seed is kept
    same_seed: bool = False
    #: whether the words change the picture's prompt ("as a watercolour") rather than replace it ("a dog")
    adds: bool = False
    #: options from flags, by the names of the options of a command
    flags: Mapping[str, object] = field(default_factory=dict)
    #: flags that we have nothing like
    unknown: tuple[str, ...] = ()

    def prompt_for(self, before: str) -> str:
        """The prompt for a picture that was made with the prompt ``before``."""
        if not self.prompt:
            return before
        return f"{before}, {self.prompt}" if before and self.adds else self.prompt


def read_reply(text: str) -> Phrase:
    """Read a reply's words. Raises Refusal with the range if a flag's value is out of it."""
    flags = read_flags(_CUSTOM_EMOJI.sub(" ", text).strip().strip('"“”'))
    values = read_values(flags.values)
    found: dict[str, object] = {name: values.pop(name) for name in ("strength", "count") if name in values}
    if factor := bare_factor(_plain(_without_please(flags.text)).strip(" .!")):
        return Phrase(enlarge=factor, flags=values, unknown=flags.unknown, **found)  # type: ignore[arg-type]
    parts = [part.strip() for part in re.split(r"[;,\n]\s+|[;,\n]$|\.\s*$", flags.text.strip())]
    kept = [part for part in (_take(part, found, values) for part in parts) if part]
    prompt, adds = _opened(", ".join(kept))
    return Phrase(prompt=prompt.strip(" ,"), adds=adds, flags=values, unknown=flags.unknown, **found)  # type: ignore[arg-type]


def _opened(prompt: str) -> tuple[str, bool]:
    """The prompt without an opening that says nothing, and whether it is added to what the picture shows."""
    if opening := _COURTESY.match(_plain(prompt)):
        prompt = prompt[opening.end() :]
    if opening := _REPLACING.match(_plain(prompt)):
        return prompt[opening.end() :], False
    if opening := _SHAPING.match(_plain(prompt)):
        after = prompt[opening.end() :]
        if not (
            _THING.match(_plain(after))
            and _plain(prompt).startswith(("haz ", "deixa ", "deixe "))
            and len(after.split()) > 2
        ):
            return after, not _THING.match(_plain(after))
    plain = _plain(prompt)
    return prompt, bool(_ADDS.match(plain) or _ORDER.match(plain) or changes_picture(plain.rstrip(" .!")))


def _take(part: str, found: dict[str, object], flags: dict[str, object]) -> str:
    """What is left of a part for the prompt; a ratio and a seed go to the flags."""
    part = _without_please(part)
    if same := _SAME_SEED_FIRST.match(_plain(part)) or _SAME_SEED_LAST.search(_plain(part)):
        found["same_seed"] = True
        part = f"{part[: same.start()]}{part[same.end() :]}".strip()
    plain = _plain(part)
    if _is_order(plain.strip(" !."), found, flags):
        return ""
    if match := _COUNT.match(plain) or _LAST_COUNT.search(plain):
        said = next(each for each in match.groups() if each)
        found["count"] = min(MAX_COUNT, NUMBER_WORDS.get(said) or int(said))
        part = f"{part[: match.start()]} {part[match.end() :]}".strip()
        plain = _plain(part)
    if seed := _SEED_BEHIND.search(plain):
        flags.setdefault("seed", read_seed(seed[1]))
        part = part[: seed.start()]
    return _take_strength(part, found)


def _take_strength(part: str, found: dict[str, object]) -> str:
    """What is left of a part without the strength that it says."""
    plain = _plain(part)
    if plain[:1].isalpha() and (strength := strength_in(plain)) is not None:
        found["strength"] = strength
        return ""
    for pattern in (_STRENGTH_BEHIND, _NAMED_STRENGTH, _NUMBER):
        if (match := pattern.search(plain)) is None:
            continue
        if (value := strength_in(next(each for each in match.groups() if each))) is not None:
            found["strength"] = value
            return f"{_before(part, match)} {part[match.end() :]}".strip()
    return " ".join(part.split())


def _without_please(text: str) -> str:
    courtesy = _PLEASE.search(_plain(text))
    return text[: courtesy.start()] if courtesy else text


def _is_order(plain: str, found: dict[str, object], flags: dict[str, object]) -> bool:
    """Take a part that is no prompt at all: “again”, “16:9”, “seed 5”, “2x bigger”."""
    if match := _RATIO.fullmatch(plain):
        flags.setdefault("size", match[1])
    elif match := _SEED.fullmatch(plain):
        flags.setdefault("seed", read_seed(match[1]))
    elif match := _SHAPED.fullmatch(plain):
        flags.setdefault("size", next(each for each in match.groups() if each))
    elif factor := asked_factor(plain):
        found["enlarge"] = factor
    else:
        return bool(_AGAIN.fullmatch(plain))
    return True


def _before(part: str, match: re.Match[str]) -> str:
    before = part[: match.start()].strip()
    hanging = _HANGING.search(_plain(before))
    return before[: hanging.start()] if hanging else before


def _plain(text: str) -> str:
    return without_accents(text)
