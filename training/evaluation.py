"""How well the embedded model follows prompts, in figures."""

import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from generation import Catalogue
from generation.engine.schedulers import make_scheduler
from generation.types import Defaults

from .classifier import Classifier, Picture, background_of, nearest_colour
from .loop import batches
from .prompts import Asked, load_prompts
from .scene import THIRDS

BATCH = 8
SMALL = 0.62  # of the picture's side: a thing that was asked to be small is smaller


@cache
def defaults() -> Defaults:
    """What members get who choose nothing."""
    return Catalogue.load().get("criar-embedded").defaults


def load_pipeline(folder: Path) -> Any:
    """The stock pipeline on a CPU, with the scheduler that members get."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, safety_checker=None)
    pipeline.scheduler = make_scheduler(defaults().scheduler, pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(pipeline: Any, prompts: list[str], seed: int = 0, **options: Any) -> list[Picture]:
    """Pictures of shape (128, 128, 3), each with a seed of its own counted from ``seed``."""
    pictures: list[Picture] = []
    usual = {name: getattr(defaults(), name) for name in ("num_inference_steps", "guidance_scale")}
    for some in batches(len(prompts), BATCH):
        seeds = range(seed + some.start, seed + len(prompts))[: len(prompts[some])]
        made = pipeline(
            prompts[some],
            generator=[torch.Generator().manual_seed(each) for each in seeds],
            **{**usual, **options},
        )
        pictures += [np.asarray(image) for image in made.images]
    return pictures


def evaluate(pipeline: Any, asked: list[Asked] | None = None, **options: Any) -> dict[str, float]:
    """Shares that are right, by part; and ``chance``, the thing's share with the prompts shuffled."""
    asked = load_prompts() if asked is None else asked
    pictures = draw(pipeline, [each.prompt for each in asked], **options)
    return judge(asked, pictures)


def judge(asked: list[Asked], pictures: list[Picture]) -> dict[str, float]:
    """The figures for pictures that were made for the prompts."""
    classifier = Classifier()
    right: dict[str, list[bool]] = {}

    def note(name: str, value: bool) -> None:
        right.setdefault(name, []).append(value)

    for each, picture in zip(asked, pictures, strict=True):
        scene = each.scene
        note("background", nearest_colour(background_of(picture)) == scene.colour)
        if each.part == "pair":
            found = [classifier.look(half, background_of(picture)).things[:1] for half in halves(picture)]
            hits = [found[k] == [scene.things[k]] for k in range(2)]
            note("pair", all(hits))
            note("pair_either", any(hits))
            continue
        seen = classifier.look(picture)
        first = bool(seen.things) and seen.things[0] == scene.things[0]
        note("language" if each.part == "language" else "thing", first)
        if each.part == "thing":
            note("top5", scene.things[0] in seen.things[:5])
            other = asked[(asked.index(each) + 1) % len(asked)].scene.things[0]
            note("chance", bool(seen.things) and seen.things[0] == other)
        if each.part == "place":
            note("place", seen.box is not None and _is_at(seen.box, scene.place, picture.shape[0]))
    return {name: round(float(np.mean(values)), 4) for name, values in right.items()}


def halves(picture: Picture) -> tuple[Picture, Picture]:
    """Left and right."""
    middle = picture.shape[1] // 2
    return picture[:, :middle], picture[:, middle:]


def _is_at(box: tuple[float, float, float], place: tuple[int, int], side: int) -> bool:
    x, y, size = (value / side for value in box)
    near = abs(x - THIRDS[place[0]]) < 1 / 6 and abs(y - THIRDS[place[1]]) < 1 / 6
    return near and size < SMALL


def seconds(pipeline: Any, count: int, rounds: int = 3) -> float:
    """The median time that ``count`` pictures of one prompt take."""
    times = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        draw(pipeline, ["a red apple on a blue background"] * count)
        times.append(time.perf_counter() - begun)
    return float(np.median(times[1:]))


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
