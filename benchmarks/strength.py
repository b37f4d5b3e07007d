"""How far img2img departs from its input at each strength: mean absolute difference in grey levels of 8 bits."""

import asyncio
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from generation import Catalogue, Finished, Job, Request, Service, Task

STRENGTHS = [round(0.1 * step, 1) for step in range(1, 11)]
SKETCHES = (("red", "yellow", "a cat on a green background"), ("green", "white", "a red apple on a blue background"))


def _sketch(folder: Path, thing: str, ground: str) -> Path:
    image = Image.new("RGB", (512, 512), ground)
    ImageDraw.Draw(image).ellipse((130, 130, 380, 380), fill=thing)
    path = folder / f"{thing}.png"
    image.save(path)
    return path


async def run(*, quick: bool) -> dict[str, Any]:
    """Measure the mean distance at each strength over two sketches and several seeds, and whether it only grows."""
    catalogue = Catalogue.load()
    spec, service = catalogue.get("criar-embedded"), Service(catalogue)
    jobs: dict[str, tuple[float, Path]] = {}
    distances: dict[float, list[float]] = {strength: [] for strength in STRENGTHS}
    with tempfile.TemporaryDirectory() as folder:
        sketches = [(_sketch(Path(folder), thing, ground), prompt) for thing, ground, prompt in SKETCHES]
        await service.start()
        for number, strength in enumerate(STRENGTHS):
            for place, (path, prompt) in enumerate(sketches):
                request = Request(
                    task=Task.IMG2IMG, model=spec.id, prompt=prompt, seed=100, width=512, height=512,
                    num_inference_steps=spec.defaults.num_inference_steps, scheduler=spec.defaults.scheduler,
                    guidance_scale=spec.defaults.guidance_scale, strength=strength, count=2 if quick else 8,
                    images=(path,),
                )  # fmt: skip
                pictures = Job(id=f"{number}-{place}", user_id=number, request=request).pictures()
                jobs |= {picture.id: (strength, path) for picture in pictures}
                service.submit(pictures)
        async for event in service.events():
            if isinstance(event, Finished):
                strength, path = jobs.pop(event.picture_id)
                distances[strength].append(await asyncio.to_thread(_distance, event.png, path))
            if not jobs:
                break
        await service.close()
    means = [round(float(np.mean(distances[strength])), 2) for strength in STRENGTHS]
    return {"strengths": STRENGTHS, "distances": means, "monotonic": means == sorted(means)}


def _distance(png: bytes, path: Path) -> float:
    made, source = (np.asarray(Image.open(file).convert("RGB"), float) for file in (io.BytesIO(png), path))
    return float(np.abs(made - source).mean())
