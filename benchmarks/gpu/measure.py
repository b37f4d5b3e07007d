"""What the check's parts have in common: pictures, passes with their times, and how the device was kept busy."""

import io
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.exactness import NO_DIFFERENCE, psnr
from generation import Event, Failed, Finished, ModelSpec, Picture, Request, Task

PROMPT = "a lighthouse on a rock"


@dataclass
class Passes:
    """Forward passes of an engine, as the device's marks measured them."""

    rows: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def milliseconds(self) -> float:
        """Median of a pass."""
        return 1000 * median(self.seconds) if self.seconds else float("nan")


def picture(spec: ModelSpec, number: int, side: int, steps: int, **fields: Any) -> Picture:
    """A request with the model's default guidance."""
    request = Request(**{
        "task": Task.TXT2IMG, "model": spec.id, "prompt": PROMPT, "seed": number, "width": side, "height": side,
        "num_inference_steps": steps, "guidance_scale": spec.defaults.guidance_scale,
        "scheduler": spec.defaults.scheduler, **fields,
    })  # fmt: skip
    return Picture(id=str(number), user_id=1, request=request)


@contextmanager
def passes(engine: Any, rows: int | None = None) -> Any:
    """Listen to an engine's passes, and let it join so many rows whatever it has learnt."""
    heard, took, usual = Passes(), engine._profile.took, engine._profile.rows

    def listen(kind: Any, count: int, seconds: float) -> None:
        heard.rows.append(count)
        heard.seconds.append(seconds)
        took(kind, count, seconds)

    engine._profile.took = listen
    if rows is not None:
        engine._profile.rows = lambda _: rows
    try:
        yield heard
    finally:
        engine._profile.took, engine._profile.rows = took, usual


def make(engine: Any, pictures: Sequence[Picture], *, apart: bool = False) -> tuple[dict[str, np.ndarray], list[Event]]:
    """Make pictures, all at once or each a step after the one before; their pixels by id, and all events."""
    events: list[Event] = []
    for each in pictures:
        engine.submit(each, events.append)
        if apart:
            engine.step()
    while engine.step():
        pass
    made = {event.picture_id: event for event in events if isinstance(event, Finished)}
    pixels = {name: np.asarray(Image.open(io.BytesIO(event.png)).convert("RGB"), float) for name, event in made.items()}
    return pixels, events


def failures(events: Sequence[Event]) -> int:
    """How many pictures failed."""
    return sum(isinstance(event, Failed) for event in events)


def worst(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> float:
    """The lowest PSNR of pictures of the same id, in dB; 0 if one is missing."""
    if ours.keys() != theirs.keys():
        return 0.0
    return min(min(NO_DIFFERENCE, psnr(ours[name], theirs[name])) for name in ours)


def timed(work: Any) -> float:
    """Return the seconds of wall time that work takes, with what it queued on the device."""
    began = perf_counter()
    work()
    drain()
    return perf_counter() - began


def drain() -> None:
    """Wait for the device, which nothing in the product does."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


def gib(count: float) -> float:
    """Return bytes as GiB."""
    return round(count / 2**30, 3)
