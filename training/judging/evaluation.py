"""How well the embedded model follows prompts, in figures."""

from typing import Any

import numpy as np
from PIL import Image

from ..nets.pipeline import draw
from ..scenes.canvas import nearest_colour
from ..scenes.scene import THIRDS
from .classifier import Classifier, Picture, background_of
from .prompts import Asked, load_prompts
from .verdict import Verdict, halves, verdict_on

NAMES = {"place": "small_thing"}  # figures of a part that are not called like it
SMALL = 0.62  # of the picture's side: a thing that was asked to be small is smaller


def draw_asked(pipeline: Any, asked: list[Asked], **options: Any) -> list[Picture]:
    """Return a picture for each prompt, in the size that it asks for."""
    found: dict[int, Picture] = {}
    for size in {each.size for each in asked}:
        places = [place for place, each in enumerate(asked) if each.size == size]
        drawn = draw(pipeline, [asked[place].prompt for place in places], seed=places[0], size=size, **options)
        found |= dict(zip(places, drawn, strict=True))
    return [found[place] for place in range(len(asked))]


def evaluate(pipeline: Any, asked: list[Asked] | None = None, **options: Any) -> dict[str, float]:
    """Shares that are right, by part; and ``chance``, the thing's share with the prompts shuffled."""
    asked = load_prompts() if asked is None else asked
    return judge(asked, draw_asked(pipeline, asked, **options))


def judge(asked: list[Asked], pictures: list[Picture]) -> dict[str, float]:
    """Return the figures for pictures that were made for the prompts."""
    classifier = Classifier()
    found: dict[str, list[bool]] = {}
    for place, (each, picture) in enumerate(zip(asked, pictures, strict=True)):
        other = asked[(place + 1) % len(asked)].scene.things[0]
        for name, right in _figures(classifier, each, picture, other).items():
            found.setdefault(name, []).append(right)
    return {name: round(float(np.mean(values)), 4) for name, values in found.items()}


def _figures(classifier: Classifier, asked: Asked, picture: Picture, other: int) -> dict[str, bool]:
    """Return what one picture says to the figures; ``other`` is a thing that it was not asked for."""
    scene, ground = asked.scene, background_of(picture)
    figures = {"background": nearest_colour(ground) == scene.colour}
    if asked.part == "pair":
        found = [verdict_on(classifier.look(half, ground), scene.things[k]) for k, half in enumerate(halves(picture))]
        return figures | {"pair": min(found) == Verdict.RIGHT, "pair_either": max(found) == Verdict.RIGHT}
    seen = classifier.look(picture)
    verdict = verdict_on(seen, scene.things[0])
    figures[NAMES.get(asked.part, asked.part)] = verdict == Verdict.RIGHT
    if asked.part == "thing":
        figures |= {"thing_half": verdict >= Verdict.HALF, "chance": verdict_on(seen, other) == Verdict.RIGHT}
    if asked.part == "place":
        figures["place"] = seen.box is not None and _is_at(seen.box, scene.place, picture.shape[0])
    return figures


def _is_at(box: tuple[float, float, float], place: tuple[int, int], side: int) -> bool:
    x, y, size = (value / side for value in box)
    near = abs(x - THIRDS[place[0]]) < 1 / 6 and abs(y - THIRDS[place[1]]) < 1 / 6
    return near and size < SMALL


def sheet(pictures: list[Picture], columns: int, side: int = 128) -> Image.Image:
    """Pictures side by side."""
    rows = -(-len(pictures) // columns)
    whole = Image.new("RGB", (columns * side, rows * side), "white")
    for place, picture in enumerate(pictures):
        image = Image.fromarray(picture)
        if side != image.width:
            image = image.resize((side, side), Image.Resampling.LANCZOS)
        whole.paste(image, (place % columns * side, place // columns * side))
    return whole
