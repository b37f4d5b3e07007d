"""What the output filter costs per picture, what opening an upload costs, and how much harmless art is blocked."""

import asyncio
import io
from statistics import median
from time import perf_counter

import numpy as np
from PIL import Image

from bot.config.schema import Filter
from bot.moderation.output_filter import too_much
from generation import Catalogue, Finished, Inspector, Job, Request, Service, Task

PROMPTS = (
    "a red apple on a blue background",
    "a brown dog",
    "a smiling face",
    "two yellow stars",
    "a green frog",
    "a house",
)


async def run(*, quick: bool) -> dict[str, float]:
    """Measure seconds for checking pictures and previews, and for opening a photo of 12 megapixels.

    Also count how many of the embedded model's pictures, none of which shows a body, the default policy blocks.
    """
    rounds, pictures = (10, 12) if quick else (40, 120)
    inspector = Inspector(children=1)
    await inspector.look(_encoded(64, "PNG"))
    figures: dict[str, float] = {}
    for name, data in {
        "look_512_seconds": _encoded(512, "PNG"),
        "look_1024_seconds": _encoded(1024, "PNG"),
        "look_preview_seconds": _encoded(256, "JPEG"),
    }.items():
        figures[name] = round(median([await _seconds(inspector, data) for _ in range(rounds)]), 4)
    photo = _encoded((4000, 3000), "JPEG")
    began = perf_counter()
    await inspector.open_picture(photo)
    figures["open_12_megapixels_seconds"] = round(perf_counter() - began, 2)
    held = [bool(too_much(await inspector.look(png), Filter().strict)) for png in await made_pictures(pictures)]
    await inspector.close()
    return {**figures, "harmless": len(held), "harmless_blocked": sum(held)}


async def _seconds(inspector: Inspector, data: bytes) -> float:
    began = perf_counter()
    await inspector.look(data)
    return perf_counter() - began


def _encoded(size: int | tuple[int, int], kind: str) -> bytes:
    """A smooth picture with some grain, like a photo."""
    width, height = size if isinstance(size, tuple) else (size, size)
    generator = np.random.default_rng(0)
    coarse = Image.fromarray(generator.integers(0, 255, (12, 12, 3), dtype=np.uint8)).resize((width, height))
    grain = generator.normal(0, 3, (height, width, 1))
    file = io.BytesIO()
    Image.fromarray((np.asarray(coarse) + grain).clip(0, 255).astype(np.uint8)).save(file, kind)
    return file.getvalue()


async def made_pictures(count: int) -> list[bytes]:
    """Pictures made by the embedded model."""
    service = Service(Catalogue.load())
    await service.start()
    for seed in range(count):
        request = Request(
            task=Task.TXT2IMG, model="criar-embedded", prompt=PROMPTS[seed % len(PROMPTS)], seed=seed, width=512,
            height=512, num_inference_steps=8, guidance_scale=4.0, scheduler="DDIM",
        )  # fmt: skip
        service.submit(Job(id=f"job{seed}", user_id=seed, request=request).pictures())
    made: list[bytes] = []
    async with asyncio.timeout(1200):
        async for event in service.events():
            if isinstance(event, Finished):
                made.append(event.png)
            if len(made) == count:
                break
    await service.close()
    return made
