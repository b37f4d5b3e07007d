"""How long the same requests wait one after another, batched by request, and joined step by step.

Time is CPU seconds of the process's one thread, so that other load on the machine does not count; arrivals are
simulated against that clock, and each contender has its own. They take turns: the one whose clock is furthest behind
goes on, so that all see the same machine.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean, median, quantiles
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from PIL import Image, ImageDraw

from generation import Catalogue, ModelSpec, Picture, Request, Task

from . import queue
from .contenders import Bare, Ours
from .plots import cumulative

SEED = 7
LOADS = (0.5, 1.0, 1.5)  # as shares of the capacity of one after another
REQUESTS, QUICK_REQUESTS = 300, 20
STEPS = (4, 8, 12, 20)
GUIDANCE = (1.0, 3.0, 5.0, 7.5)
STRENGTHS = (0.3, 0.5, 0.75, 0.9)
IMG2IMG_SHARE = 0.4
MAX_BATCH = 8  # requests per call when they are batched by request
SERIAL, BATCHED, OURS = "one after another", "batched by request", "step by step"
PROMPTS = (
    "a red apple on a blue background",
    "a cat, 3d",
    "a rocket on a yellow background",
    "a tree and a house",
)


@dataclass
class Line:
    """A contender with its clock: its arrivals, and when each picture was done."""

    arrivals: list[tuple[float, Picture]]
    #: starts pictures and does a part of the work; returns the ids of finished pictures, None if idle
    work: Callable[[deque[Picture]], list[str] | None]

    def __post_init__(self) -> None:
        self.now = 0.0
        self.waiting: deque[Picture] = deque()
        self.done: dict[str, float] = {}
        self._coming = deque(self.arrivals)

    @property
    def over(self) -> bool:
        """Whether every picture is done."""
        return len(self.done) == len(self.arrivals)

    def go_on(self) -> None:
        """Let the contender work for a moment; if it is idle, the clock jumps to the next arrival."""
        while self._coming and self._coming[0][0] <= self.now:
            self.waiting.append(self._coming.popleft()[1])
        began = process_time()
        done = self.work(self.waiting)
        if done is None:
            self.now = max(self.now, self._coming[0][0])
            return
        self.now += process_time() - began
        self.done |= dict.fromkeys(done, self.now)

    def latencies(self) -> list[float]:
        """Seconds from each request to its picture, in order of arrival."""
        return [self.done[picture.id] - at for at, picture in self.arrivals]

    def throughput(self) -> float:
        """Pictures per second."""
        return len(self.done) / (max(self.done.values()) - self.arrivals[0][0])


def _source(folder: Path) -> Path:
    """A picture to start from."""
    image = Image.new("RGB", (128, 128), "#f0c020")
    ImageDraw.Draw(image).ellipse((30, 30, 98, 98), fill="#d02020")
    image.save(folder / "source.png")
    return folder / "source.png"


def _requests(count: int, source: Path) -> list[Picture]:
    chance = random.Random(SEED)  # noqa: S311
    pictures = []
    for number in range(count):
        img2img = chance.random() < IMG2IMG_SHARE
        request = Request(
            task=Task.IMG2IMG if img2img else Task.TXT2IMG, model="criar-embedded", prompt=chance.choice(PROMPTS),
            seed=number, width=128, height=128, num_inference_steps=chance.choice(STEPS), scheduler="DDIM",
            guidance_scale=chance.choice(GUIDANCE), strength=chance.choice(STRENGTHS) if img2img else None,
            images=(source,) if img2img else (),
        )  # fmt: skip
        pictures.append(Picture(id=str(number), user_id=number, request=request))
    return pictures


def _arrivals(pictures: Sequence[Picture], rate: float) -> list[tuple[float, Picture]]:
    chance, at = random.Random(SEED), 0.0  # noqa: S311
    arrivals = []
    for picture in pictures:
        arrivals.append((at, picture))
        at += chance.expovariate(rate)
    return arrivals


async def run(*, quick: bool, out: Path | None = None) -> dict[str, Any]:
    """Measure three contenders at three loads, the engine's overhead for one request, and the gain of each mechanism.

    ``out`` is where to write the plot of the latencies.
    """
    return await asyncio.to_thread(_run, quick=quick, out=out)


def _run(*, quick: bool, out: Path | None) -> dict[str, Any]:
    import torch

    from generation.engine.engine import quiet_libraries

    quiet_libraries()
    torch.set_num_threads(1)
    spec = replace(Catalogue.load().get("criar-embedded"), enlarge=1)
    with TemporaryDirectory() as folder:
        pictures = _requests(QUICK_REQUESTS if quick else REQUESTS, _source(Path(folder)))
        eager = _contenders(spec, onnx=False)
        overhead = _overhead(eager[SERIAL], eager[OURS], pictures[0], 5 if quick else 20)
        sample = pictures[: 10 if quick else 40]
        capacity = len(sample) / _seconds(lambda: [eager[SERIAL].make([picture]) for picture in sample])
        figures: dict[str, Any] = {"overhead": round(overhead, 4), "capacity": round(capacity, 3)}
        races = {}
        for load in LOADS[-1:] if quick else LOADS:
            title = f"{load:g} times the capacity of one after another"
            races[title] = _race(eager, _arrivals(pictures, load * capacity), title)
            figures |= _ratios(races[title], "" if load == max(LOADS) else f"_{load:g}")
        if not quick:
            title = f"{max(LOADS):g} times, all on the faster runtime"
            arrivals = _arrivals(pictures, max(LOADS) * capacity)
            races[title] = _race(_contenders(spec, onnx=True), arrivals, title)
            figures |= _ratios(races[title], "_faster")
            figures |= _ablation(spec, pictures[: len(pictures) // 4])
    if out:
        panels = {title: {name: line.latencies() for name, line in lines.items()} for title, lines in races.items()}
        cumulative(panels, "until the picture is done", out)
    return figures


def _contenders(spec: ModelSpec, *, onnx: bool) -> dict[str, Any]:
    return {
        SERIAL: Bare(spec, 1, onnx=onnx),
        BATCHED: Bare(spec, MAX_BATCH, onnx=onnx),
        OURS: Ours(spec, onnx=onnx),
    }


def _race(contenders: dict[str, Any], arrivals: list[tuple[float, Picture]], title: str) -> dict[str, Line]:
    """Give all the same arrivals; the one furthest behind goes on first."""
    lines = {name: Line(arrivals, each.work) for name, each in contenders.items()}
    while racing := [line for line in lines.values() if not line.over]:
        min(racing, key=lambda line: line.now).go_on()
    print(f"\n{len(arrivals)} requests, {title}")
    print(f"{'':28}{'mean s':>9}{'p50':>9}{'p95':>9}{'pictures/s':>12}")
    for name, line in lines.items():
        times = line.latencies()
        figures = f"{fmean(times):9.2f}{median(times):9.2f}{quantiles(times, n=20)[-1]:9.2f}{line.throughput():12.2f}"
        print(f"{name:28}{figures}", flush=True)
    return lines


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def _overhead(bare: Bare, ours: Ours, picture: Picture, times: int) -> float:
    """Time of one request through the engine divided by that of the bare pipeline, interleaved."""
    usual = replace(picture.request, num_inference_steps=12, guidance_scale=4.0, task=Task.TXT2IMG, strength=None,
        images=())  # fmt: skip
    alone, through = [], []
    for number in range(times):
        # A new prompt each time, so that the engine cannot reuse an encoded one.
        each = replace(picture, id=f"alone{number}", request=replace(usual, prompt=f"a cat, {number}"))
        alone.append(_seconds(partial(bare.make, [each])))
        through.append(_seconds(partial(ours.engine.run, [each], lambda _: None)))
    return median(through) / median(alone)


def _ratios(lines: dict[str, Line], suffix: str) -> dict[str, float]:
    serial, batched, ours = lines.values()
    mean = fmean(ours.latencies())
    return {
        f"mean_ratio_serial{suffix}": round(mean / fmean(serial.latencies()), 4),
        f"mean_ratio_request{suffix}": round(mean / fmean(batched.latencies()), 4),
        f"throughput_ratio{suffix}": round(ours.throughput() / serial.throughput(), 4),
    }


def _ablation(spec: ModelSpec, pictures: Sequence[Picture]) -> dict[str, float]:
    """Throughput with one mechanism switched off, as a share of that with all.

    All requests wait from the beginning. The preference for loaded models is measured on the simulated queue.
    """
    without = {
        "all mechanisms": Ours(spec, onnx=True),
        "without joining": Ours(spec, onnx=True, joining=False),
        "without prompt cache": Ours(spec, onnx=True, remembering=False),
        "without ONNX Runtime": Ours(spec),
    }
    lines = _race(without, [(0.0, picture) for picture in pictures], "all at once, with a mechanism switched off")
    shares = {name: line.throughput() / lines["all mechanisms"].throughput() for name, line in lines.items()}
    shares["without affinity"] = queue.affinity_off()
    figures = {name.lower().replace(" ", "_"): round(share, 4) for name, share in list(shares.items())[1:]}
    for name, share in figures.items():
        print(f"{name.replace('_', ' '):28}{share:9.2f} of the throughput")
    return figures
