"""How well the embedded model follows prompts it never saw, how its pictures look, and how fast it is."""

from time import perf_counter
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image

from training.judging import evaluation, measures
from training.judging.prompts import load_prompts
from training.judging.sharpness import FACTOR, enlarger, sharpness
from training.nets.export import megabytes
from training.nets.pipeline import draw, load_pipeline
from training.nets.vae import reconstruction_psnr
from training.paths import MODEL

QUICK, QUICK_PART = 6, 3  # with --quick, every sixth prompt, and a third of what follows
THINGS, OWN, CRUDE = 36, 18, 48  # things for variety, own pictures to refine, crude drawings


async def run(*, quick: bool) -> dict[str, Any]:
    """Return the judge's shares, what is measured on pictures, and medians of seconds on two threads.

    The prompts are those of training/judging/prompts.json.
    """
    torch.set_num_threads(2)
    pipeline = load_pipeline(MODEL)
    img2img = StableDiffusionImg2ImgPipeline.from_pipe(pipeline)
    img2img.set_progress_bar_config(disable=True)
    part = QUICK_PART if quick else 1
    asked = load_prompts()[:: QUICK if quick else 1]
    pictures = evaluation.draw_asked(pipeline, asked)
    single = [each.prompt for each in asked if each.part == "thing"][: OWN // part]
    return {
        **evaluation.judge(asked, pictures),
        "prompts": len(asked),
        **measures.variety(pipeline, THINGS // part),
        **measures.refining(img2img, pipeline, single),
        **measures.keeping(img2img, CRUDE // part),
        "sharpness": sharpness(asked, pictures),
        "flatness": round(float(np.mean([measures.cloudiness(picture) for picture in pictures])), 2),
        "reconstruction_psnr": round(reconstruction_psnr(pipeline.vae), 2),
        "seconds_1": round(_seconds(pipeline, 1), 2),
        "seconds_4": round(_seconds(pipeline, 4), 2),
        "megabytes": round(megabytes(MODEL), 1),
    }


def _seconds(pipeline: Any, count: int, rounds: int = 3) -> float:
    """Return the median time of ``count`` enlarged pictures of one prompt, after a first round that does not count."""
    times = []
    for _ in range(rounds + 1):
        begun = perf_counter()
        for picture in draw(pipeline, ["a red apple on a blue background"] * count):
            enlarger().enlarge(Image.fromarray(picture), FACTOR)
        times.append(perf_counter() - begun)
    return float(np.median(times[1:]))
