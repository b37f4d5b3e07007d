"""Sizes as people write them: “768x512”, “3:2”, “16x9”, “landscape”. Pure."""

import re

from bot.errors import Refusal
from bot.requests.words.numbers import without_accents
from generation import ModelSpec

_SIZE = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})")
_RATIO = re.compile(r"(\d{1,4}(?:[.,]\d{1,4})?)\s*[:/]\s*(\d{1,4}(?:[.,]\d{1,4})?)")
#: a ratio written as a size: no picture has sides this short
_SHORT, LEAST = re.compile(r"(\d{1,2})\s*[x×*]\s*(\d{1,2})"), 32
LARGEST, LONGEST = 16384, 100.0  # pixels of a side, and the longer side over the shorter, that are still a wish
SHAPES = {
    "square": (1.0, 1.0),
    "portrait": (2.0, 3.0),
    "landscape": (3.0, 2.0),
    "wide": (16.0, 9.0),
    "tall": (9.0, 16.0),
}
#: the same in Portuguese and Spanish, without accents
_NAMES = {
    "quadrado": "square", "cuadrado": "square", "retrato": "portrait", "vertical": "portrait",
    "paisagem": "landscape", "paisaje": "landscape", "horizontal": "landscape",
    "largo": "wide", "ancho": "wide", "panoramico": "wide", "alto": "tall",
}  # fmt: skip


def is_size(text: str) -> bool:
    """Whether the text names width and height in pixels, rather than a ratio or a shape."""
    return bool(_SIZE.fullmatch(text.strip())) and not _short(text)


def _short(text: str) -> re.Match[str] | None:
    """A ratio with a cross between its sides, “16x9”."""
    found = _SHORT.fullmatch(text.strip().lower())
    return found if found and 0 < max(int(found[1]), int(found[2])) < LEAST else None


def wished_size(text: str, spec: ModelSpec) -> tuple[int, int]:
    """The size in pixels that ``768x512``, ``3:2``, ``16x9`` or ``landscape`` asks for.

    A ratio keeps the model's usual area.

    Raises Refusal if the text is none of these.
    """
    text = text.strip().lower()
    name = without_accents(text)
    ratio, short = SHAPES.get(_NAMES.get(name, name)), _short(text)
    size = None if short else _SIZE.fullmatch(text)
    if size and min(int(size[1]), int(size[2])) > 0 and max(int(size[1]), int(size[2])) <= LARGEST:
        return int(size[1]), int(size[2])
    if match := short or _RATIO.fullmatch(text):
        ratio = float(match[1].replace(",", ".")), float(match[2].replace(",", "."))
    if ratio is None or min(ratio) <= 0 or max(ratio) / min(ratio) > LONGEST:
        raise Refusal(
            "“{text}” is not a size; write a ratio such as 3:2, a size such as 512x384, or one of {shapes}.",
            text=text[:40],
            shapes=", ".join(SHAPES),
        )
    area = spec.defaults.width * spec.defaults.height
    width = (area * ratio[0] / ratio[1]) ** 0.5
    return round(width), round(area / width)


def pixels(width: int, height: int) -> str:
    """A size as people write it."""
    return f"{width}×{height}"
