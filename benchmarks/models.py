"""Switching between models in memory and not, cached prompts, and memory over many switches."""

import asyncio
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from generation import Catalogue, ModelSpec
from generation.engine.device import Device
from generation.engine.engine import quiet_libraries
from generation.engine.loaded_models import Models

MODELS, KEPT = 10, 3
NEED = 1.0  # GiB that each model claims to need
MIB = 2**20


async def run(*, quick: bool) -> dict[str, Any]:
    """Measure milliseconds per switch and per prompt, and memory in MiB, in a separate process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, _measure, 30 if quick else 200)


def _measure(switches: int) -> dict[str, Any]:
    quiet_libraries()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        specs = [_copy(number, Path(folder)) for number in range(MODELS)]
        models = Models(Device(), (KEPT + 0.5) * NEED)
        return {**_switching(models, specs), **_prompts(models, specs[0]), **_memory(models, specs, switches)}


def _copy(number: int, folder: Path) -> ModelSpec:
    """A copy of the embedded model with a different denoiser."""
    base = Catalogue.load().get("criar-embedded")
    target = folder / str(number)
    shutil.copytree(base.source, target)
    file = target / "unet" / "diffusion_pytorch_model.safetensors"
    save_file({name: weights * (1 + number / 1000) for name, weights in load_file(file).items()}, file)
    return replace(base, id=f"model{number}", source=str(target), memory=NEED)


def _switching(models: Models, specs: list[ModelSpec]) -> dict[str, float]:
    for spec in specs[:KEPT]:
        models.get(spec)
    kept = [_milliseconds(partial(models.get, specs[turn % KEPT])) for turn in range(5 * KEPT)]
    loaded = [_milliseconds(partial(models.get, spec)) for spec in specs[KEPT:]]
    return {"switch to a kept model, ms": round(median(kept), 3), "load it again, ms": round(median(loaded), 1)}


def _prompts(models: Models, spec: ModelSpec) -> dict[str, float]:
    pipeline = models.get(spec).pipeline
    models.prompts.watch(pipeline, spec.id)

    def encode(prompt: str) -> None:
        pipeline.encode_prompt([prompt], torch.device("cpu"), 1, True, [""])

    words = [f"a red apple on a blue background, number {number}" for number in range(20)]
    first, again = (median([_milliseconds(partial(encode, prompt)) for prompt in words]) for _ in range(2))
    del pipeline.encode_prompt
    return {"encode a prompt, ms": round(first, 2), "remember it, ms": round(again, 3)}


def _memory(models: Models, specs: list[ModelSpec], switches: int) -> dict[str, Any]:
    """Make a picture of one step after each switch; with three of ten models kept in turn, each switch is a load."""
    resident = []
    for number in range(switches):
        pipeline = models.get(specs[number % MODELS]).pipeline
        pipeline("a cat", num_inference_steps=1, width=64, height=64, output_type="latent")
        resident.append(_resident())
    early, late = resident[:MODELS], resident[-MODELS:]
    return {
        "switches": switches,
        "models kept": len(models.resident()),
        "memory, first ten switches, MiB": round(median(early)),
        "memory, last ten switches, MiB": round(median(late)),
        "memory, most, MiB": round(max(resident)),
    }


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / MIB


def _milliseconds(work: Callable[[], object]) -> float:
    began = perf_counter()
    work()
    return (perf_counter() - began) * 1000
