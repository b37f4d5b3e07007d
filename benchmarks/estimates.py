"""How accurate the estimated waiting times are, with the real worker: without and with later arrivals."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from time import monotonic
from typing import Any

import numpy as np

from generation import Catalogue, Service, Started
from generation.events import TERMINAL

from .pictures import picture

MEMBERS = 8
STEPS = (4, 8, 12, 20)
WITHIN = 0.3  # of the wait: the error that counts as right
LEARNING = 100  # pictures made first, so that row counts and runtimes are chosen as after some minutes of use
ROUNDS, TOGETHER = 3, 60  # pictures requested at once from an idle worker
BACKLOG, COMING = 30, 60  # pictures that wait while others arrive one by one
QUICK_LEARNING, QUICK_TOGETHER = 10, 12  # with --quick: one round, no later arrivals
LOAD = 0.9  # arrivals as a share of the worker's capacity


@dataclass
class _Bench:
    """A service, its estimates, and when pictures really started."""

    service: Service
    chance: random.Random
    names: Any = field(default_factory=count)
    #: when each picture started
    begun: dict[str, float] = field(default_factory=dict)
    #: when each was estimated, and the estimate in seconds
    estimates: dict[str, tuple[float, float]] = field(default_factory=dict)
    #: pictures that have not ended
    left: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        async for event in self.service.events():
            if isinstance(event, Started):
                self.begun[event.picture_id] = monotonic()
            elif isinstance(event, TERMINAL):
                self.left -= 1
                self.changed.set()

    def ask(self, number: int) -> None:
        """Request ``number`` pictures, and note the service's estimates for those that wait."""
        names = list(islice(self.names, number))
        pictures = [picture(str(name), name % MEMBERS, self.chance.choice(STEPS)) for name in names]
        self.left += number
        self.service.submit(pictures)
        for each in pictures:
            if (seconds := self.service.estimate(each.id)) is not None:
                self.estimates[each.id] = (monotonic(), seconds)

    async def all_ended(self) -> None:
        while self.left:
            self.changed.clear()
            await self.changed.wait()

    async def make(self, number: int) -> None:
        """Request ``number`` pictures at once, and wait until all have ended."""
        self.ask(number)
        await self.all_ended()

    def ratios(self) -> list[float]:
        """Estimated wait divided by the real one, of each picture that waited."""
        waits = [(seconds, self.begun[name] - at) for name, (at, seconds) in self.estimates.items()]
        self.estimates.clear()
        return [estimated / real for estimated, real in waits if real > 0]


async def run(*, quick: bool) -> dict[str, Any]:
    """Measure the share of waits estimated within 30%, and quantiles of estimated divided by real."""
    usual, short = (LEARNING, ROUNDS, TOGETHER, COMING), (QUICK_LEARNING, 1, QUICK_TOGETHER, 0)
    learning, rounds, together, coming = short if quick else usual
    bench = _Bench(Service(Catalogue.load()), random.Random(1))  # noqa: S311
    await bench.service.start()
    following = asyncio.create_task(bench.follow())
    await bench.make(learning)
    began, ratios = monotonic(), []
    for _ in range(rounds):
        await bench.make(together)
        ratios += bench.ratios()
    each = (monotonic() - began) / (rounds * together)
    figures = {"pictures": rounds * together, **_figures("", ratios)}
    if coming:
        bench.ask(BACKLOG)
        for _ in range(coming):
            bench.ask(1)
            await asyncio.sleep(bench.chance.expovariate(LOAD / each))
        await bench.all_ended()
        figures |= {"pictures_coming": BACKLOG + coming, **_figures("coming_", bench.ratios())}
    await bench.service.close()
    await following
    return figures


def _figures(prefix: str, ratios: Sequence[float]) -> dict[str, float]:
    values = np.array(ratios)
    if not len(values):
        return {}
    quantiles = {f"{prefix}estimated_to_real_p{p}": round(float(np.percentile(values, p)), 2) for p in (10, 50, 90)}
    return {f"{prefix}within_30_percent": round(float((abs(values - 1) <= WITHIN).mean()), 3), **quantiles}
