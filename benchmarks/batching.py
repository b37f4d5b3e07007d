"""The same requests one after another, batched by request, and joined step by step: how long each waits.

Time is what the process computes for (CPU seconds of its one thread), so that whatever else the machine does counts
for none of them; arrivals are simulated against that clock, and each contender has a clock of its own. They take turns:
always the one whose clock is furthest behind goes on, so that all see the same machine.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import fmean, median, quantiles
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from PIL import Image, ImageDraw

from generation import Catalogue, Event, Finished, ModelSpec, Picture, Request, Task

SEED = 7
LOADS = (0.5, 1.0, 1.5)  # of what one after another can bear
REQUESTS, QUICK_REQUESTS = 300, 20
STEPS = (4, 8, 12, 20)
GUIDANCE = (1.0, 3.0, 5.0, 7.5)
STRENGTHS = (0.3, 0.5, 0.75, 0.9)
IMG2IMG_SHARE = 0.4
MAX_BATCH = 8  # requests of one call, where requests are batched
PROMPTS = (
    "a red apple on a blue background",
    "a cat, 3d",
    "a rocket on a yellow background",
    "a tree and a house",
)


@dataclass
class Line:
    """A contender with its clock: what it was asked for and when, and when each was done."""

    arrivals: list[tuple[float, Picture]]
    #: begins pictures where it can and makes a part of what it has; the ids of those that are done; None where idle
    work: Callable[[deque[Picture]], list[str] | None]

    def __post_init__(self) -> None:
        self.now = 0.0
        self.waiting: deque[Picture] = deque()
        self.done: dict[str, float] = {}
        self._coming = deque(self.arrivals)

    @property
    def over(self) -> bool:
        return len(self.done) == len(self.arrivals)

    def go_on(self) -> None:
        """Let the contender work for a moment; where it has nothing to do, the clock jumps to the next arrival."""
        while self._coming and self._coming[0][0] <= self.now:
            self.waiting.append(self._coming.popleft()[1])
        began = process_time()
        done = self.work(self.waiting)
        if done is None:
            self.now = max(self.now, self._coming[0][0])
            return
        self.now += process_time() - began
        self.done |= dict.fromkeys(done, self.now)

    def figures(self) -> dict[str, float]:
        """Latencies in seconds, and pictures a second."""
        times = sorted(self.done[picture.id] - at for at, picture in self.arrivals)
        span = max(self.done.values()) - self.arrivals[0][0]
        return {
            "mean": fmean(times), "p50": median(times), "p95": quantiles(times, n=20)[-1],
            "throughput": len(times) / span,
        }  # fmt: skip


class Bare:
    """The stock pipelines with nothing of ours around them but encoding; up to ``most`` like requests in a call."""

    def __init__(self, spec: ModelSpec, most: int) -> None:
        import diffusers
        import torch

        self._most = most
        self._txt2img = diffusers.StableDiffusionPipeline.from_pretrained(spec.source, dtype=torch.float32)
        self._img2img = diffusers.StableDiffusionImg2ImgPipeline(
            **self._txt2img.components, requires_safety_checker=False
        )
        for pipeline in (self._txt2img, self._img2img):
            pipeline.set_progress_bar_config(disable=True)

    @property
    def unet(self) -> Any:
        return self._txt2img.unet

    def work(self, waiting: deque[Picture]) -> list[str] | None:
        if not waiting:
            return None
        first = _like(waiting[0])
        batch = [picture for picture in waiting if _like(picture) == first][: self._most]
        for picture in batch:
            waiting.remove(picture)
        self.make(batch)
        return [picture.id for picture in batch]

    def make(self, batch: Sequence[Picture]) -> list[bytes]:
        """PNG of each; they differ in prompt, seed and input alone."""
        import torch

        from generation.engine.schedulers import make_scheduler
        from generation.images import encode_png, read_kept

        request = batch[0].request
        pipeline = self._img2img if request.images else self._txt2img
        pipeline.scheduler = make_scheduler(request.scheduler, self._txt2img.scheduler.config)
        arguments: dict[str, Any] = {"width": request.width, "height": request.height}
        if request.images:
            images = [read_kept(picture.request.images[0].read_bytes(), (128, 128)) for picture in batch]
            arguments = {"image": images, "strength": request.strength}
        with torch.inference_mode():
            made = pipeline(
                [picture.request.prompt for picture in batch],
                negative_prompt=[picture.request.negative_prompt for picture in batch],
                num_inference_steps=request.num_inference_steps, guidance_scale=request.guidance_scale,
                generator=[torch.Generator().manual_seed(picture.request.seed) for picture in batch], **arguments,
            ).images  # fmt: skip
        return [encode_png(image, picture.request) for image, picture in zip(made, batch, strict=True)]


class Ours:
    """The engine; takes pictures while it has room, as a worker does."""

    def __init__(self, spec: ModelSpec, most: int | None = None) -> None:
        from generation.engine.engine import Engine

        self.engine = Engine({spec.id: spec}, "cpu", 1, 8.0, clock=process_time)
        if most:
            self.engine._profile.rows = lambda kind: most  # type: ignore[method-assign]
        self.engine.warm_up()
        self._held: set[str] = set()
        self._done: list[str] = []

    def emit(self, event: Event) -> None:
        if isinstance(event, Finished):
            self._done.append(event.picture_id)

    def work(self, waiting: deque[Picture]) -> list[str] | None:
        while waiting and len(self._held) < self.engine.capacity():
            self._held.add(waiting[0].id)
            self.engine.submit(waiting.popleft(), self.emit)
        if not self._held:
            return None
        self.engine.step()
        done, self._done = self._done, []
        self._held -= set(done)
        return done


def _like(picture: Picture) -> Request:
    """What requests of one call have in common."""
    return replace(picture.request, prompt="", negative_prompt="", seed=0, images=picture.request.images[:0])


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


def _race(lines: dict[str, Line]) -> dict[str, dict[str, float]]:
    while racing := [line for line in lines.values() if not line.over]:
        min(racing, key=lambda line: line.now).go_on()
    return {name: line.figures() for name, line in lines.items()}


def _seconds(work: Callable[[], object]) -> float:
    began = process_time()
    work()
    return process_time() - began


def _overhead(bare: Bare, ours: Ours, picture: Picture, times: int) -> float:
    """How much longer one request takes through the engine than by the bare pipeline, interleaved: a ratio."""
    pairs = []
    for number in range(times):
        each = [replace(picture, id=f"alone{number}")]
        through = partial(ours.engine.run, each, lambda _: None)
        pairs.append((_seconds(partial(bare.make, each)), _seconds(through)))
    return min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs)


def _table(title: str, rows: dict[str, dict[str, float]]) -> Iterator[str]:
    yield f"\n{title}\n{'':24}{'mean s':>9}{'p50':>9}{'p95':>9}{'pictures/s':>12}"
    for name, row in rows.items():
        yield f"{name:24}{row['mean']:9.2f}{row['p50']:9.2f}{row['p95']:9.2f}{row['throughput']:12.2f}"


async def run(*, quick: bool) -> dict[str, Any]:
    """Latencies of three contenders at three loads, what the engine costs one request, and what each part gains."""
    return await asyncio.to_thread(_run, quick=quick)


def _run(*, quick: bool) -> dict[str, Any]:
    import torch

    from generation.engine.engine import quiet_libraries

    quiet_libraries()
    torch.set_num_threads(1)
    spec = replace(Catalogue.load().get("criar-embedded"), enlarge=1)
    with TemporaryDirectory() as folder:
        source = Path(folder) / "source.png"
        image = Image.new("RGB", (128, 128), "#f0c020")
        ImageDraw.Draw(image).ellipse((30, 30, 98, 98), fill="#d02020")
        image.save(source)
        pictures = _requests(QUICK_REQUESTS if quick else REQUESTS, source)
        serial, batched, ours = Bare(spec, 1), Bare(spec, MAX_BATCH), Ours(spec)
        usual = replace(pictures[0], request=replace(pictures[0].request, num_inference_steps=12, guidance_scale=4.0,
            task=Task.TXT2IMG, strength=None, images=()))  # fmt: skip
        overhead = _overhead(serial, ours, usual, 5 if quick else 20)
        sample = pictures[: 10 if quick else 40]
        capacity = len(sample) / _seconds(lambda: [serial.make([picture]) for picture in sample])
        figures: dict[str, Any] = {"overhead": round(overhead, 4), "capacity": round(capacity, 3)}
        for load in LOADS[-1:] if quick else LOADS:
            arrivals = _arrivals(pictures, load * capacity)
            contenders = {"one after another": serial, "batched by request": batched, "step by step": ours}
            rows = _race({name: Line(arrivals, each.work) for name, each in contenders.items()})
            print(*_table(f"{len(pictures)} requests at {load:g} times what one after another bears", rows), sep="\n")
            figures |= _ratios(rows, "" if load == max(LOADS) else f"_{load:g}")
        figures |= _ablation(spec, pictures[: len(pictures) // 3], capacity)
    return figures


def _ratios(rows: dict[str, dict[str, float]], suffix: str) -> dict[str, float]:
    serial, batched, ours = rows.values()
    return {
        f"mean_ratio_serial{suffix}": round(ours["mean"] / serial["mean"], 4),
        f"mean_ratio_request{suffix}": round(ours["mean"] / batched["mean"], 4),
        f"throughput_ratio{suffix}": round(ours["throughput"] / serial["throughput"], 4),
    }


def _ablation(spec: ModelSpec, pictures: Sequence[Picture], capacity: float) -> dict[str, float]:
    """Throughput at the highest load with a mechanism switched off, as a share of that with all."""
    arrivals = _arrivals(pictures, max(LOADS) * capacity)
    rows = _race({"all": Line(arrivals, Ours(spec).work), "without joining": Line(arrivals, Ours(spec, most=2).work)})
    print(*_table("With a mechanism switched off", rows), sep="\n")
    return {"without_joining": round(rows["without joining"]["throughput"] / rows["all"]["throughput"], 4)}
