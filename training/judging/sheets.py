"""The pictures of the model card: typical ones, since chance chose their prompts, and img2img from crude drawings."""

from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image, ImageDraw

from bot.messages.font import font

from ..nets.pipeline import draw, refine
from ..scenes.canvas import SQUARE
from .classifier import Picture
from .evaluation import sheet
from .prompts import load_prompts

SHOWN, SEEDS, CHOICE = 32, 4, 31  # prompts of the card, pictures of each, and the seed that chose the prompts
STRENGTHS = [round(0.1 * k, 1) for k in range(1, 11)]
#: crude drawings, as (shape, box or points in 128ths, colour), on a background, with what they are to become
CRUDE: list[tuple[str, str, list[tuple[str, list[float], str]]]] = [
    (
        "a red apple on a white background",
        "#fcfcfc",
        [("ellipse", [30, 34, 100, 108], "#c81e28"), ("rectangle", [61, 16, 67, 40], "#5a3c1e")],
    ),
    (
        "a cat on a light blue background",
        "#8cd0f0",
        [
            ("ellipse", [28, 34, 100, 104], "#f59628"),
            ("polygon", [30, 56, 32, 14, 62, 38], "#f59628"),
            ("polygon", [98, 56, 96, 14, 66, 38], "#f59628"),
            ("ellipse", [46, 58, 56, 70], "#000000"),
            ("ellipse", [72, 58, 82, 70], "#000000"),
        ],
    ),
    (
        "a rocket on a dark blue background",
        "#14205c",
        [
            ("polygon", [96, 20, 98, 60, 60, 96, 36, 72, 66, 28], "#e6e6eb"),
            ("polygon", [44, 62, 22, 76, 34, 86], "#dc2828"),
            ("polygon", [66, 88, 52, 108, 44, 96], "#dc2828"),
        ],
    ),
    (
        "a tree on a white background",
        "#fcfcfc",
        [("rectangle", [56, 76, 72, 118], "#784c2e"), ("ellipse", [24, 10, 104, 86], "#38963c")],
    ),
]


def make(pipeline: Any, folder: Path) -> None:
    """Write sheet.png, img2img.png and strength.png."""
    folder.mkdir(parents=True, exist_ok=True)
    square = [asked.prompt for asked in load_prompts() if asked.size == SQUARE]
    prompts = Random(CHOICE).sample(square, SHOWN)
    pictures = [draw(pipeline, [prompt] * SEEDS, seed=1) for prompt in prompts]
    blocks = [
        np.asarray(_captioned(sheet(some, SEEDS, 96), prompt)) for some, prompt in zip(pictures, prompts, strict=True)
    ]
    _grid(blocks, 4).save(folder / "sheet.png", optimize=True)
    from_pipe = StableDiffusionImg2ImgPipeline.from_pipe(pipeline)
    from_pipe.set_progress_bar_config(disable=True)
    rows, curves = [], []
    for prompt, background, shapes in CRUDE:
        source = crude(background, shapes)
        made = [refine(from_pipe, prompt, source, strength, seed=3) for strength in STRENGTHS]
        rows += [np.asarray(source), *made]
        curves.append([float(np.abs(each.astype(float) - np.asarray(source)).mean()) for each in made])
    sheet(rows, len(STRENGTHS) + 1, 96).save(folder / "img2img.png", optimize=True)
    _plot(curves).save(folder / "strength.png", optimize=True)
    print("mean distance by strength:", np.round(np.mean(curves, 0), 1).tolist())


def crude(background: str, shapes: list[tuple[str, list[float], str]]) -> Image.Image:
    """Return a drawing of coloured shapes."""
    image = Image.new("RGB", (128, 128), background)
    pen = ImageDraw.Draw(image)
    for shape, points, colour in shapes:
        getattr(pen, shape)(points, fill=colour)
    return image


def _captioned(image: Image.Image, text: str) -> Image.Image:
    whole = Image.new("RGB", (image.width + 8, image.height + 24), "white")
    whole.paste(image, (4, 20))
    ImageDraw.Draw(whole).text((6, 4), text, fill="black", font=font(11))
    return whole


def _grid(blocks: list[Picture], columns: int) -> Image.Image:
    height, width = blocks[0].shape[:2]
    whole = Image.new("RGB", (columns * width, -(-len(blocks) // columns) * height), "white")
    for place, block in enumerate(blocks):
        whole.paste(Image.fromarray(block), (place % columns * width, place // columns * height))
    return whole


def _plot(curves: list[list[float]]) -> Image.Image:
    """Distance from the input over strength, one line for each drawing and a thick one for their mean."""
    width, height, margin = 480, 280, 40
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    top = max(max(curve) for curve in curves)

    def point(strength: float, value: float) -> tuple[float, float]:
        return margin + strength * (width - 2 * margin), height - margin - value / top * (height - 2 * margin)

    pen.line([point(0, top), point(0, 0), point(1, 0)], fill="black")
    for strength in STRENGTHS[1::2]:
        x, y = point(strength, 0)
        pen.text((x - 8, y + 6), str(strength), fill="black", font_size=12)
    pen.text((4, 8), f"distance from the input (grey levels, up to {top:.0f})", fill="black", font_size=12)
    pen.text((width - 90, height - 18), "strength", fill="black", font_size=12)
    for curve, colour in zip(curves, ("#d62828", "#f77f00", "#1d4ed8", "#2a9d4a"), strict=False):
        pen.line([point(s, v) for s, v in zip(STRENGTHS, curve, strict=True)], fill=colour, width=1)
    pen.line([point(s, float(v)) for s, v in zip(STRENGTHS, np.mean(curves, 0), strict=True)], fill="black", width=3)
    return image
