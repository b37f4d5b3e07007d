"""Coloured backgrounds, and drawings put on them."""

from random import Random

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .artwork import SIDE, Pixels

Canvas = NDArray[np.float32]

#: background colours by their name
PALETTE = {
    "white": (252, 252, 252),
    "black": (14, 14, 16),
    "gray": (128, 130, 134),
    "red": (214, 38, 44),
    "orange": (245, 140, 32),
    "yellow": (252, 218, 56),
    "green": (56, 168, 78),
    "light green": (165, 222, 150),
    "teal": (16, 146, 140),
    "light blue": (140, 208, 240),
    "blue": (38, 92, 214),
    "dark blue": (20, 32, 92),
    "purple": (128, 62, 176),
    "pink": (246, 152, 194),
    "brown": (120, 76, 46),
    "beige": (240, 226, 194),
}


def blank(colour: tuple[float, float, float]) -> Canvas:
    """An empty picture of shape (128, 128, 3) in a colour, 0 to 255."""
    return np.broadcast_to(np.asarray(colour, np.float32), (SIDE, SIDE, 3)).copy()


def jittered(colour: str, random: Random, spread: float = 6) -> tuple[float, float, float]:
    """A shade near a named colour."""
    red, green, blue = (min(255.0, max(0.0, value + random.uniform(-spread, spread))) for value in PALETTE[colour])
    return red, green, blue


def paste(canvas: Canvas, drawing: Pixels, x: float, y: float, size: float) -> None:
    """Put a drawing with its centre at (x, y) and its side at ``size``, all as shares of the picture's side."""
    side = max(8, round(SIDE * size))
    # CMYK stands for any four channels: Pillow scales them together, without touching the alpha.
    scaled = np.asarray(
        Image.frombuffer("CMYK", (SIDE, SIDE), drawing.tobytes(), "raw", "CMYK", 0, 1).resize(
            (side, side), Image.Resampling.BICUBIC
        )
    ).astype(np.float32)
    left, top = round(x * SIDE - side / 2), round(y * SIDE - side / 2)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(SIDE, left + side), min(SIDE, top + side)
    if x1 <= x0 or y1 <= y0:
        return
    seen = scaled[y0 - top : y1 - top, x0 - left : x1 - left]
    below = canvas[y0:y1, x0:x1]
    below *= 1 - seen[..., 3:] / 255
    below += seen[..., :3]
    np.clip(below, 0, 255, out=below)


def outlined(drawing: Pixels, width: int = 3) -> Pixels:
    """A drawing with a dark contour around it; it is made a little smaller to leave room."""
    inner = SIDE - 2 * width
    small = np.zeros_like(drawing)
    scaled = Image.frombuffer("CMYK", (SIDE, SIDE), drawing.tobytes(), "raw", "CMYK", 0, 1).resize(
        (inner, inner), Image.Resampling.BICUBIC
    )
    small[width : width + inner, width : width + inner] = np.asarray(scaled)
    alpha = small[..., 3].astype(np.float32)
    contour = np.zeros_like(alpha)
    for down in range(-width, width + 1):
        for across in range(-width, width + 1):
            reach = np.hypot(down, across)
            if reach < width + 0.5:
                contour = np.maximum(contour, np.roll(alpha, (down, across), (0, 1)) * min(1, width + 0.5 - reach))
    ink = np.array([34, 32, 40], np.float32) / 255
    result = small.astype(np.float32)
    result[..., :3] += ink * (contour * (1 - alpha / 255))[..., None]
    result[..., 3] = np.maximum(contour, alpha)
    return np.clip(result + 0.5, 0, 255).astype(np.uint8)
