"""How crisp edges are against the artwork's, both enlarged as members see them."""

import json
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image

from generation.engine.upscale import OWN_WEIGHTS, Upscaler

from ..scenes.scene import Painter
from .classifier import Picture
from .measures import edge_strength
from .prompts import Asked, load_prompts

EDGES = Path(__file__).parent / "edges.json"
ONE_IN, FACTOR, THREADS = 8, 4, 2  # of the things; times that pictures are enlarged; of the enlarging


def measured(asked: Asked) -> bool:
    """Whether the artwork's edges are kept for a prompt."""
    return asked.part == "thing" and asked.scene.things[0] % ONE_IN == 0


def save_edges(painter: Painter) -> None:
    """Write the edge strengths of the artwork that the measured prompts ask for, by the thing."""
    scenes = [asked.scene for asked in load_prompts() if measured(asked)]
    found = {scene.things[0]: _enlarged_edges(painter.draw(scene, Random(scene.things[0]))) for scene in scenes}
    EDGES.write_text(json.dumps({str(thing): round(edges, 4) for thing, edges in found.items()}, indent=1) + "\n")


def sharpness(asked: list[Asked], pictures: list[Picture]) -> float:
    """Return the mean edge strength of those of the pictures that are measured, over that of the artwork."""
    edges = json.loads(EDGES.read_text())
    pairs = [
        (_enlarged_edges(picture), edges[str(each.scene.things[0])])
        for each, picture in zip(asked, pictures, strict=True)
        if measured(each)
    ]
    made, wanted = np.mean(pairs, 0)
    return round(float(made / wanted), 3)


def _enlarged_edges(picture: Picture) -> float:
    return edge_strength(np.asarray(enlarger().enlarge(Image.fromarray(picture), FACTOR)))


@cache
def enlarger() -> Upscaler:
    """Return what enlarges members' pictures."""
    return Upscaler(OWN_WEIGHTS, "cpu")
