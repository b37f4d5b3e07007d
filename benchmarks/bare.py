"""The stock pipeline with nothing of ours around it but enlarging and encoding; runs in a process of its own."""

import os
from functools import cache
from time import perf_counter

import diffusers
import torch

from generation import Catalogue, Request, Task
from generation.engine.engine import ENLARGER, quiet_libraries
from generation.engine.upscale import Upscaler
from generation.images import encode_png
from generation.worker import NICENESS


def begin() -> None:
    """Make the process like the bot's worker: as nice, with as many threads."""
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    os.nice(NICENESS)
    torch.set_num_threads(os.cpu_count() or 1)
    quiet_libraries()
    seconds("warm up")


@cache
def _loaded() -> tuple[diffusers.StableDiffusionPipeline, Upscaler]:
    spec = Catalogue.load().get("criar-embedded")
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(spec.source, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, Upscaler(ENLARGER, os.cpu_count() or 1)


def seconds(prompt: str) -> float:
    """The time that one picture takes with the model's usual settings."""
    spec = Catalogue.load().get("criar-embedded")
    pipeline, upscaler = _loaded()
    defaults = spec.defaults
    began = perf_counter()
    with torch.inference_mode():
        image = pipeline(
            prompt, width=defaults.width // spec.enlarge, height=defaults.height // spec.enlarge, negative_prompt="",
            num_inference_steps=defaults.num_inference_steps, guidance_scale=defaults.guidance_scale,
            generator=torch.Generator().manual_seed(1),
        ).images[0]  # fmt: skip
    large = upscaler.enlarge(image, spec.enlarge)
    encode_png(large, Request(task=Task.TXT2IMG, model=spec.id, prompt=prompt, width=512, height=512))
    return perf_counter() - began
