"""The stock pipeline with nothing around it but enlarging and encoding; runs in a separate process."""

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from time import perf_counter
from typing import Any

from generation import Catalogue, Request, Task
from generation.workers.local import NICENESS, SPIN_COUNT


def process(threads: int) -> ProcessPoolExecutor:
    """A process as nice as the bot's worker and with as many threads, to run the functions below in."""
    # Only the child imports torch: in this process it would slow down everything else.
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(threads,))


def seconds(prompt: str) -> float:
    """Seconds for one picture with the model's default settings."""
    import torch

    from generation.images import encode_png

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


def rate(at_least: float) -> float:
    """Pictures per second, measured over at least ``at_least`` seconds."""
    taken = [seconds("a red apple")]
    while sum(taken) < at_least:
        taken.append(seconds("a red apple"))
    return len(taken) / sum(taken)


def _begin(threads: int) -> None:
    os.environ |= {"TRANSFORMERS_VERBOSITY": "error", "GOMP_SPINCOUNT": SPIN_COUNT}  # read when torch is loaded
    os.nice(NICENESS)
    import torch

    from generation.engine.engine import quiet_libraries

    torch.set_num_threads(threads)
    quiet_libraries()
    seconds("warm up")


@cache
def _loaded() -> tuple[Any, Any]:
    """The pipeline and the upscaler."""
    import diffusers
    import torch

    from generation.engine.engine import ENLARGER
    from generation.engine.upscale import Upscaler

    spec = Catalogue.load().get("criar-embedded")
    pipeline = diffusers.StableDiffusionPipeline.from_pretrained(spec.source, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, Upscaler(ENLARGER, torch.get_num_threads())
