"""Coloured grounds, and drawings put on them."""

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


#: what a ground may look like, and how often; a prompt names its colour only
GROUNDS = {"plain": 0.52, "gradient": 0.2, "dots": 0.13, "horizon": 0.15}
#: distance in RGB of a ground's second shade from its first: seen, yet still the same colour
LEAST_SHADE, MOST_SHADE = 16.0, 30.0

Colour = tuple[float, float, float]
Size = tuple[int, int]
SQUARE: Size = (SIDE, SIDE)


def blank(colour: Colour, size: Size = SQUARE) -> Canvas:
    """Return an empty picture of shape (height, width, 3) in a colour, 0 to 255.

    ``size`` is width and height in pixels.
    """
    return np.broadcast_to(np.asarray(colour, np.float32), (size[1], size[0], 3)).copy()


def jittered(colour: str, random: Random, spread: float = 6) -> Colour:
    """Return a shade near a named colour."""
    red, green, blue = (min(255.0, max(0.0, value + random.uniform(-spread, spread))) for value in PALETTE[colour])
    return red, green, blue


def nearest_colour(colour: NDArray[np.float32]) -> str:
    """Return the palette's name for a colour."""
    return min(PALETTE, key=lambda name: float(np.square(np.array(PALETTE[name]) - colour).sum()))


def ground(colour: str, random: Random, size: Size = SQUARE) -> Canvas:
    """Return a ground in a named colour: plain, a soft gradient, dots, or a horizon, as the random source decides."""
    base = jittered(colour, random)
    canvas = blank(base, size)
    kind = random.choices(list(GROUNDS), list(GROUNDS.values()))[0]
    if kind == "plain":
        return canvas
    shares = {"gradient": _gradient, "dots": _dots, "horizon": _horizon}[kind](random, size)
    return canvas + shares[..., None] * (_other_shade(colour, base, random) - np.asarray(base, np.float32))


def _other_shade(colour: str, base: Colour, random: Random) -> NDArray[np.float32]:
    """Return a lighter or darker shade that still has the colour's name."""
    first = np.asarray(base, np.float32)
    for _ in range(8):
        towards = np.full(3, random.choice([0.0, 255.0]), np.float32) - first
        far = float(np.linalg.norm(towards))
        second = first + towards * (random.uniform(LEAST_SHADE, MOST_SHADE) / max(far, MOST_SHADE))
        if nearest_colour(second) == colour:
            return second
    return first


def _gradient(random: Random, size: Size) -> NDArray[np.float32]:
    down, across = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    turn = random.uniform(0, 2 * np.pi)
    along = np.cos(turn) * across / size[0] + np.sin(turn) * down / size[1]
    shares: NDArray[np.float32] = (along - along.min()) / (along.max() - along.min())
    return shares


def _dots(random: Random, size: Size) -> NDArray[np.float32]:
    """Round dots in rows, every other row moved by half a distance."""
    down, across = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    apart, radius = random.choice([20, 24, 28]), random.uniform(3, 4.5)
    rows = np.floor(down / apart)
    x = (across + rows % 2 * apart / 2) % apart - apart / 2
    y = down % apart - apart / 2
    shares: NDArray[np.float32] = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1)
    return shares


def _horizon(random: Random, size: Size) -> NDArray[np.float32]:
    line = random.uniform(0.6, 0.82) * size[1]
    below = np.clip(np.arange(size[1], dtype=np.float32) - line + 0.5, 0, 1)
    return np.repeat(below[:, None], size[0], axis=1)


def paste(canvas: Canvas, drawing: Pixels, x: float, y: float, size: float) -> None:
    """Put a drawing on a canvas.

    Its centre is at (x, y), in shares of width and height, and its side is ``size``, in shares of the shorter side.
    """
    height, width = canvas.shape[:2]
    side = max(8, round(min(height, width) * size))
    # CMYK stands for any four channels: Pillow scales them together, without touching the alpha.
    scaled = np.asarray(
        Image.frombuffer("CMYK", (SIDE, SIDE), drawing.tobytes(), "raw", "CMYK", 0, 1).resize(
            (side, side), Image.Resampling.BICUBIC
        )
    ).astype(np.float32)
    left, top = round(x * width - side / 2), round(y * height - side / 2)
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + side), min(height, top + side)
    if x1 <= x0 or y1 <= y0:
        return
    seen = scaled[y0 - top : y1 - top, x0 - left : x1 - left]
    below = canvas[y0:y1, x0:x1]
    below *= 1 - seen[..., 3:] / 255
    below += seen[..., :3]
    np.clip(below, 0, 255, out=below)


def tinted(drawing: Pixels, factors: Colour) -> Pixels:
    """Return a drawing with its red, green and blue multiplied, each at most to full."""
    result = drawing.astype(np.float32)
    result[..., :3] = np.minimum(result[..., :3] * np.asarray(factors, np.float32), result[..., 3:])
    pixels: Pixels = result.astype(np.uint8)
    return pixels


def outlined(drawing: Pixels, width: int = 3) -> Pixels:
    """Return a drawing with a dark contour around it; it is made a little smaller to leave room."""
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
    pixels: Pixels = np.clip(result + 0.5, 0, 255).astype(np.uint8)
    return pixels
