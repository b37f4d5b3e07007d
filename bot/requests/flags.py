"""Flags in a prompt, as people know them from Midjourney: “a dog --ar 16:9 --no text --seed 5”. Pure.

A dash in prose stays prose. Phones write an em or an en dash for two hyphens; it counts directly before a known name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from bot.errors import Refusal
from bot.requests.words.numbers import read_number, read_seed, read_strength, read_whole, without_accents
from bot.text.sanitize import strip_invisible

MAX_COUNT, MAX_STEPS, MAX_GUIDANCE = 4, 100, 30.0

#: our name of each flag
NAMES = MappingProxyType({
    alias: name
    for name, aliases in {
        "size": "ar aspect aspect_ratio ratio size tamanho tamano",
        "seed": "seed semente semilla",
        "negative_prompt": "no neg negative negative_prompt sem sin",
        "count": "count n images repeat",
        "num_inference_steps": "steps step num_inference_steps passos pasos",
        "guidance_scale": "cfg cfg_scale scale guidance guidance_scale",
        "strength": "strength denoise denoising denoising_strength forca intensidade fuerza intensidad",
        "model": "model m modelo",
        "scheduler": "scheduler sampler",
        "lora": "lora",
        "style": "style estilo",
        "raw": "raw",
    }.items()
    for alias in aliases.split()
})  # fmt: skip
#: whose value is all that follows, up to the next flag
_LONG = frozenset({"negative_prompt", "style", "lora", "model", "scheduler"})
#: of others' programs, with a value that may be a word or an address
_WORDY = frozenset(["sref", "cref", "oref", "p", "profile", "v", "version", "niji", "q", "quality", "personalize"])
#: words of a sentence too: “a cat —no, a dog—”
_NAME = r"[A-Za-zÀ-ÿ][\wÀ-ÿ-]*"
#: one hyphen before what can only be a flag: “-ar 3:2”
_HYPHEN = r"(?:-|--\s)(?=(?:ar|aspect|seed|cfg|steps)\s*[=:]?\s*\d)"
#: its value is written to it: “--ar16:9”
_GLUED = re.compile(r"([A-Za-z_]+?)(\d.*)")
_FLAG = re.compile(
    rf"(?:(?<![\w-])(?P<two>--+(?!\s)|[-—–―−]{{2,3}}(?!\s)|{_HYPHEN})|(?<![\w—–-])(?P<one>[—–―−])|(?<=\w)(?P<joined>--))(?P<name>{_NAME})"
)
_CLOSED = re.compile(r"\w[—–―−](?:\s|$|[,.])|\s[—–―−]\s")
_VALUE = re.compile(r"\s*[=:]?\s*(?:\"([^\"]*)\"|“([^”]*)”|(\S+))")
_SIZE = re.compile(r"\s*[=:]?\s*(\d+\s*[:/x×*]\s*\d+)(?!\w)")


#: addresses, as image prompts of Midjourney's are written; “[a cat](https://…)” keeps its words
_LINK = re.compile(r"\[([^\]\n]*)\]\(\s*<?https?://[^\s)]*\)|<?\bhttps?://\S+")
LINK = "https://…"  # stands among the unknown flags for what was a link


@dataclass(frozen=True, slots=True)
class Flags:
    """A prompt without flags and links, the values of ours as they were written, and the names of those we do not know.

    ``unknown`` also has ``LINK`` if there was a link.
    """

    text: str
    values: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there was any."""
        return bool(self.values or self.unknown)


def read_flags(text: str) -> Flags:
    """Take the flags and links out of a prompt, and what nobody sees of it."""
    return _without_links(_read_flags(strip_invisible(text)))


def _without_links(flags: Flags) -> Flags:
    if not _LINK.search(flags.text):
        return flags
    rest = " ".join(_LINK.sub(lambda link: link[1] or " ", flags.text).split())
    return replace(flags, text=rest.strip(" ,"), unknown=(*flags.unknown, LINK))


def _read_flags(text: str) -> Flags:
    starts = [match for match in _FLAG.finditer(text) if _is_flag(match, text)]
    if not starts:
        return Flags(text)
    kept, values, unknown = [text[: starts[0].start()]], dict[str, str](), list[str]()
    for place, match in enumerate(starts):
        end = starts[place + 1].start() if place + 1 < len(starts) else len(text)
        kept.append(_take(match["name"], text[match.end() : end], values, unknown))
    rest = re.sub(r"(?:\s*,)+", ",", " ".join(" ".join(kept).split()))
    return Flags(rest.strip(" ,"), values, tuple(unknown))


def _is_flag(match: re.Match[str], text: str) -> bool:
    known = _name(match["name"]) is not None
    if match["two"]:
        return True
    # A dash that is closed by another is an aside: “a cat —no joke— on a mat”.
    return known and (match["joined"] is not None or not _CLOSED.search(text, match.end()))


def _name(written: str) -> str | None:
    return NAMES.get(without_accents(written).replace("-", "_"))


def _take(written: str, rest: str, values: dict[str, str], unknown: list[str]) -> str:
    """Take one flag with its value; returns what is left for the prompt."""
    name = _name(written)
    if name is None and (glued := _GLUED.fullmatch(written)) and _name(glued[1]):
        name, rest = _name(glued[1]), glued[2] + rest
    first = (_SIZE.match(rest) if name == "size" else None) or _VALUE.match(rest)
    value = next((each for each in first.groups() if each is not None), "") if first else ""
    after = rest[first.end() :] if first else ""
    if name == "raw" or (name == "style" and value.strip(" ,").lower() == "raw"):
        values["raw"] = "yes"
        return rest if name == "raw" else after
    if name is None:
        unknown.append(f"--{written}")
        takes_value = written.lower() in _WORDY or re.fullmatch(r"[\d.,:%-]+,?|https?://\S+", value)
        return f"{',' * value.endswith(',')}{after}" if takes_value else rest
    if name == "strength" and first and after.lstrip().startswith("%"):
        value, after = f"{value}%", after.lstrip()[1:]
    if name in _LONG and not (first and (first[1] or first[2])):
        limit = (
            re.search(r"\n", rest)
            if name == "negative_prompt"
            else re.search(r"[,\n]", rest)
            if name != "lora"
            else None
        )
        value, after = (rest[: limit.start()], rest[limit.start() :]) if limit else (rest, "")
    value = value.strip(" ,=:\n").strip('"“”')
    if name == "negative_prompt" and values.get(name):
        value = f"{values[name]}, {value}"
    values[name] = value
    return after


def written(name: str) -> str:
    """An option as a flag: “--ar”."""
    return f"--{next(alias for alias, each in NAMES.items() if each == name)}"


def read_values(values: Mapping[str, str]) -> dict[str, object]:
    """The flags' values as options have them; None is any seed. Names of models and styles, and sizes, stay as written.

    Raises Refusal with the range where a value is none.
    """
    return {name: _read(name, value) for name, value in values.items()}


def _read(name: str, value: str) -> object:
    match name:
        case "seed" if not value:
            raise Refusal("Write a value after --{name}, or leave it out.", name=name)
        case "seed":
            return read_seed(value)
        case "count":
            return read_whole(written(name), value, 1, MAX_COUNT)
        case "num_inference_steps":
            return read_whole(written(name), value, 1, MAX_STEPS)
        case "guidance_scale":
            return read_number(written(name), value, 0.0, MAX_GUIDANCE)
        case "strength":
            return read_strength(value)
        case "raw":
            return True
        case _ if not value:
            raise Refusal("Write a value after --{name}, or leave it out.", name=written(name).lstrip("-"))
        case _:
            return value
