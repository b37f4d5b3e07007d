"""Sizes as people write them: “768x512”, “3:2”, “landscape”. Pure."""

import re

from bot.errors import Refusal
from generation import ModelSpec

_SIZE = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})")
_RATIO = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*[:/]\s*(\d{1,4}(?:\.\d+)?)")
SHAPES = {
    "square": (1.0, 1.0),
    "portrait": (2.0, 3.0),
    "landscape": (3.0, 2.0),
    "wide": (16.0, 9.0),
    "tall": (9.0, 16.0),
}


def is_size(text: str) -> bool:
    """Whether the text names width and height in pixels, rather than a ratio or a shape."""
    return bool(_SIZE.fullmatch(text.strip()))


def wished_size(text: str, spec: ModelSpec) -> tuple[int, int]:
    """The size in pixels that ``768x512``, ``3:2`` or ``landscape`` asks for; a ratio keeps the model's usual area.

    Raises Refusal if the text is none of these.
    """
    text = text.strip().lower()
    if match := _SIZE.fullmatch(text):
        return int(match[1]), int(match[2])
    ratio = SHAPES.get(text)
    if match := _RATIO.fullmatch(text):
        ratio = float(match[1]), float(match[2])
    if ratio is None or min(ratio) <= 0:
        raise Refusal(
            "“{text}” is no size; write a ratio such as 3:2, a size such as 512x384, or one of {shapes}.",
            text=text[:40],
            shapes=", ".join(SHAPES),
        )
    area = spec.defaults.width * spec.defaults.height
    width = (area * ratio[0] / ratio[1]) ** 0.5
    return round(width), round(area / width)


def pixels(width: int, height: int) -> str:
    """A size as people write it."""
    return f"{width}×{height}"
