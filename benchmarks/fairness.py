"""How long a light member waits while a heavy one floods the queue: in order of arrival and in fair order."""

import random
from collections import deque
from collections.abc import Collection
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Protocol

import numpy as np

from generation import Cancelled, Catalogue, Failed, Finished, Picture, Service
from generation.queue import FairQueue

from .pictures import picture
from .plots import cumulative

HEAVY, LIGHT = 1, 2
SECONDS = 2.0  # per picture, on the simulated clock
EVERY = 30.0  # seconds between two pictures of the light member, on average
REAL = 20  # pictures of the light member with the real worker
STEPS = 4  # few, to keep the real run short
STRICT, OURS = "order of arrival", "fair order"
FLOODS = (20, 100)  # pictures that the heavy member always has waiting; the free plan allows 20


class Order(Protocol):
    """A queue that hands out pictures."""

    def push(self, picture: Picture, now: float) -> None:
        """Add a picture that arrives at ``now``."""

    def next(self, now: float) -> Picture | None:
        """Remove and return the next picture."""


class Strict:
    """The order of arrival."""

    def __init__(self) -> None:
        self._waiting: deque[Picture] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, picture: Picture, now: float) -> None:  # noqa: ARG002 - the order needs no clock
        """Add a picture."""
        self._waiting.append(picture)

    def next(self, now: float, _: Collection[str] = (), suits: Any = lambda _: True) -> Picture | None:  # noqa: ARG002
        """Remove and return the oldest picture if it suits."""
        return self._waiting.popleft() if self._waiting and suits(self._waiting[0]) else None


async def run(*, quick: bool, out: Path | None = None) -> dict[str, float]:
    """Measure the light member's p95 from request to finished picture, simulated at both floods.

    Without ``quick`` also with the real worker and the smaller flood. ``out`` is where to write the plot of the waits.
    """
    asked = 300 if quick else 3000
    panels = {
        f"{flood} pictures before": {
            STRICT: _simulated(Strict(), flood, asked),
            OURS: _simulated(FairQueue(), flood, asked),
        }
        for flood in FLOODS
    }
    if not quick:
        panels["real worker"] = {STRICT: await _real(strict=True), OURS: await _real(strict=False)}
    print(f"{'seconds of the light member':44}{'p50':>9}{'p95':>9}{'most':>9}")
    for title, lines in panels.items():
        for name, values in lines.items():
            print(f"{f'{title}, {name}':44}{np.median(values):9.2f}{_p95(values):9.2f}{max(values):9.2f}")
    if out:
        cumulative(panels, "until the light member's picture is done", out)
    figures: dict[str, float] = {}
    for suffix, (strict, fair) in zip(
        (*FLOODS, "real"), (map(_p95, lines.values()) for lines in panels.values()), strict=False
    ):
        figures |= {f"strict_p95_seconds_{suffix}": strict, f"light_p95_seconds_{suffix}": fair}
        figures[f"light_p95_gain_{suffix}"] = round(strict / fair, 2)
    return figures | {"light_p95_gain": figures[f"light_p95_gain_{FLOODS[0]}"]}


def _p95(seconds: list[float]) -> float:
    return round(float(np.percentile(seconds, 95)), 2)


def _simulated(order: Order, flood: int, asked: int) -> list[float]:
    """Simulate a worker that makes one picture at a time; the heavy member replaces each of theirs when taken."""
    chance = random.Random(1)  # noqa: S311
    names = map(str, count())
    for _ in range(flood):
        order.push(picture(next(names), HEAVY, STEPS), 0.0)
    now, coming = 0.0, 0.0
    came: dict[str, float] = {}
    took: list[float] = []
    while len(took) < asked:
        while coming <= now:
            light = picture(next(names), LIGHT, STEPS)
            came[light.id] = coming
            order.push(light, coming)
            coming += chance.expovariate(1 / EVERY)
        taken = order.next(now)
        if taken is None:
            raise RuntimeError("the flood has ended")
        now += SECONDS
        if taken.user_id == HEAVY:
            order.push(picture(next(names), HEAVY, STEPS), now)
        else:
            took.append(now - came[taken.id])
    return took


async def _real(*, strict: bool) -> list[float]:
    """Measure the same through the service and its worker, with the embedded model."""
    service = Service(Catalogue.load())
    if strict:
        service._queue = Strict()  # type: ignore[assignment]
    names = map(str, count())
    await service.start()
    service.submit([picture(next(names), HEAVY, STEPS) for _ in range(FLOODS[0])])
    came: dict[str, float] = {}
    took: list[float] = []
    async for event in service.events():
        if not isinstance(event, Finished | Failed | Cancelled):
            continue
        if event.picture_id in came:
            took.append(monotonic() - came.pop(event.picture_id))
        else:
            service.submit([picture(next(names), HEAVY, STEPS)])
        if len(took) == REAL:
            break
        if not came:
            light = picture(next(names), LIGHT, STEPS)
            came[light.id] = monotonic()
            service.submit([light])
    await service.close()
    return took
