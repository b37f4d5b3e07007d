"""How right the told waiting times are, with the real worker: where nobody joins later, and where others come."""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from time import monotonic
from typing import Any

import numpy as np

from generation import Catalogue, Event, Picture, Service, Started
from generation.events import TERMINAL

from .pictures import picture

MEMBERS = 8
STEPS = (4, 8, 12, 20)
WITHIN = 0.3  # of the wait, by which an estimate may be wrong
LEARNING, TOGETHER, COMING = 16, 60, 60  # pictures made before, asked for at once, and coming one after another
QUICK_LEARNING, QUICK_TOGETHER = 10, 12  # with --quick, where none come later
LOAD = 0.8  # of what the worker can do, that arrives


@dataclass
class _Bench:
    """A service and what it told and did."""

    service: Service
    chance: random.Random
    names: Any = field(default_factory=count)
    #: when each picture was begun
    begun: dict[str, float] = field(default_factory=dict)
    #: when each was asked about, and what was told
    told: dict[str, tuple[float, float]] = field(default_factory=dict)
    ended: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def pictures(self, number: int) -> list[Picture]:
        names = list(islice(self.names, number))
        return [picture(str(name), name % MEMBERS, self.chance.choice(STEPS)) for name in names]

    async def follow(self) -> None:
        async for event in self.service.events():
            self._take(event)

    async def all_ended(self, number: int) -> None:
        while self.ended < number:
            self.changed.clear()
            await self.changed.wait()

    def ask(self, pictures: Sequence[Picture]) -> None:
        """Note what the service tells of pictures that wait."""
        for each in pictures:
            if (seconds := self.service.estimate(each.id)) is not None:
                self.told[each.id] = (monotonic(), seconds)

    def ratios(self) -> list[float]:
        """Of each picture that was told of and then waited: the told wait against the real one."""
        waits = [(seconds, self.begun[name] - at) for name, (at, seconds) in self.told.items()]
        self.told.clear()
        return [told / real for told, real in waits if real > 0]

    def _take(self, event: Event) -> None:
        if isinstance(event, Started):
            self.begun[event.picture_id] = monotonic()
        elif isinstance(event, TERMINAL):
            self.ended += 1
            self.changed.set()


async def run(*, quick: bool) -> dict[str, Any]:
    """The share of waits told within 30%, and the quantiles of told against real."""
    learning, together, coming = (QUICK_LEARNING, QUICK_TOGETHER, 0) if quick else (LEARNING, TOGETHER, COMING)
    bench = _Bench(Service(Catalogue.load()), random.Random(1))  # noqa: S311
    await bench.service.start()
    following = asyncio.create_task(bench.follow())
    bench.service.submit(bench.pictures(learning))
    await bench.all_ended(learning)
    pictures = bench.pictures(together)
    began = monotonic()
    bench.service.submit(pictures)
    bench.ask(pictures)
    await bench.all_ended(learning + together)
    each = (monotonic() - began) / together
    figures = {"pictures": together, **_figures("", bench.ratios())}
    for _ in range(coming):
        one = bench.pictures(1)
        bench.service.submit(one)
        bench.ask(one)
        await asyncio.sleep(bench.chance.expovariate(LOAD / each))
    if coming:
        await bench.all_ended(learning + together + coming)
        figures |= {"pictures_coming": coming, **_figures("coming_", bench.ratios())}
    await bench.service.close()
    await following
    return figures


def _figures(prefix: str, ratios: Sequence[float]) -> dict[str, float]:
    values = np.array(ratios)
    if not len(values):
        return {}
    quantiles = {f"{prefix}told_to_real_p{p}": round(float(np.percentile(values, p)), 2) for p in (10, 50, 90)}
    return {f"{prefix}within_30_percent": round(float((abs(values - 1) <= WITHIN).mean()), 3), **quantiles}
