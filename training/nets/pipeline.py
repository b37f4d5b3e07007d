"""The stock pipeline, as members use it."""

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

from ..scenes.artwork import Pixels
from ..scenes.canvas import SQUARE, Size
from .loop import batches

BATCH = 8


@cache
def defaults() -> Defaults:
    """Return what members get who choose nothing."""
    return Catalogue.load().get("criar-embedded").defaults


def load_pipeline(folder: Path) -> Any:
    """Return the stock pipeline on a CPU, with the scheduler that members get."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, safety_checker=None)
    pipeline.scheduler = make_scheduler(defaults().scheduler, pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(pipeline: Any, prompts: list[str], seed: int = 0, size: Size = SQUARE, **options: Any) -> list[Pixels]:
    """Pictures of a size (width and height), each with its own seed counted from ``seed``."""
    pictures: list[Pixels] = []
    usual = {name: getattr(defaults(), name) for name in ("num_inference_steps", "guidance_scale")}
    for some in batches(len(prompts), BATCH):
        seeds = range(seed + some.start, seed + len(prompts))[: len(prompts[some])]
        made = pipeline(
            prompts[some],
            width=size[0],
            height=size[1],
            generator=[torch.Generator().manual_seed(each) for each in seeds],
            **{**usual, **options},
        )
        pictures += [np.asarray(image) for image in made.images]
    return pictures


def refine(img2img: Any, prompt: str, source: Image.Image, strength: float, seed: int) -> Pixels:
    """One picture by img2img; steps are raised so that every strength runs as many as txt2img would."""
    usual = defaults()
    return np.asarray(
        img2img(
            prompt,
            image=source,
            strength=strength,
            num_inference_steps=round(usual.num_inference_steps / strength),
            guidance_scale=usual.guidance_scale,
            generator=torch.Generator().manual_seed(seed),
        ).images[0]
    )
