"""How well the embedded model follows prompts that it was not trained on, and how fast it is."""

from typing import Any

import torch

from training import evaluation
from training.export import megabytes
from training.paths import MODEL
from training.prompts import load_prompts
from training.vae import reconstruction_psnr

QUICK = 4  # with --quick, every fourth prompt


async def run(*, quick: bool) -> dict[str, Any]:
    """Measure the shares right over the prompts of training/prompts.json, and median seconds on two threads."""
    torch.set_num_threads(2)
    pipeline = evaluation.load_pipeline(MODEL)
    asked = load_prompts()[:: QUICK if quick else 1]
    shares = evaluation.evaluate(pipeline, asked)
    return {
        **shares,
        "prompts": len(asked),
        "reconstruction_psnr": round(reconstruction_psnr(pipeline.vae), 2),
        "seconds_1": round(evaluation.seconds(pipeline, 1), 2),
        "seconds_4": round(evaluation.seconds(pipeline, 4), 2),
        "megabytes": round(megabytes(MODEL), 1),
    }
