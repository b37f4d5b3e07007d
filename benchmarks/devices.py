"""Throughput gained by a second device: two workers of one thread each against one, in turns, with a steady backlog.

Two cores are rarely twice one: they share caches, memory and clock. So two processes that run only the bare pipeline
take turns too; their gain over one of them is the ceiling.
"""

import asyncio
import random
from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from statistics import fmean, median
from time import monotonic

from generation import Catalogue, Event, Failed, Progress, Service
from generation.events import TERMINAL

from . import bare
from .pictures import picture

STEPS = (4, 8, 12, 20)
WAITING = 32  # pictures in the backlog; each that ends is replaced
PATIENCE = 300.0  # seconds without a finished picture after which something is broken
SETTLING = 2  # pictures per device that finish before a turn is measured
WARM_UP, TURN, TURNS = 20.0, 10.0, 8  # seconds before the first turn, seconds per turn, and number of turns
QUICK_WARM_UP, QUICK_TURN, QUICK_TURNS = 3.0, 2.0, 2


class Side:
    """A service on so many devices, which has work while it is its turn."""

    def __init__(self, service: Service, devices: int) -> None:
        self._devices = devices
        self._service = service
        self._names = count()
        self._chance = random.Random(1)  # noqa: S311
        self._open: set[str] = set()
        self._is_on = False
        #: made since the start
        self.steps = 0
        self._ended = 0
        self._changed = asyncio.Event()

    async def __aenter__(self) -> "Side":
        await self._service.start()
        self._following = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._service.close()
        await self._following

    async def turn(self, seconds: float) -> float:
        """Run a turn; return pictures per second, by the steps made while the backlog was full."""
        self._is_on, self._ended = True, 0
        self._ask(WAITING)
        await self._until(lambda: self._ended >= SETTLING * self._devices)
        began, before = monotonic(), self.steps
        await asyncio.sleep(seconds)
        rate = (self.steps - before) / (monotonic() - began) / fmean(STEPS)
        self._is_on = False
        for name in list(self._open):
            self._service.cancel(name)
        await self._until(lambda: not self._open)
        return rate

    async def _until(self, done: Callable[[], bool]) -> None:
        while not done():
            self._changed.clear()
            waiting = asyncio.create_task(self._changed.wait())
            await asyncio.wait({waiting, self._following}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                waiting.cancel()
                raise RuntimeError(f"no picture finished for {PATIENCE:g} s; unfinished: {sorted(self._open)}")

    async def _follow(self) -> None:
        async for event in self._service.events():
            self._take(event)

    def _take(self, event: Event) -> None:
        if isinstance(event, Progress):
            self.steps += 1
        elif isinstance(event, Failed):
            raise RuntimeError(event.template)
        elif isinstance(event, TERMINAL):
            self._open.remove(event.picture_id)
            self._ended += 1
            if self._is_on:
                self._ask(1)
            self._changed.set()

    def _ask(self, number: int) -> None:
        asked = [picture(str(next(self._names)), 1, self._chance.choice(STEPS)) for _ in range(number)]
        self._open |= {each.id for each in asked}
        self._service.submit(asked)


def side(devices: int) -> Side:
    """A service on so many CPU children of one thread."""
    return Side(Service(Catalogue.load(), ["cpu"] * devices, threads=1), devices)


async def run(*, quick: bool) -> dict[str, float]:
    """Measure pictures per second of both, their ratio and its ceiling: medians over turns and pairs of turns."""
    warm_up, seconds, turns = (QUICK_WARM_UP, QUICK_TURN, QUICK_TURNS) if quick else (WARM_UP, TURN, TURNS)
    loop = asyncio.get_running_loop()
    with ExitStack() as stack:
        pools = [stack.enter_context(bare.process(threads=1)) for _ in range(2)]

        async def bare_turn(number: int) -> float:
            return sum(
                await asyncio.gather(*(loop.run_in_executor(pool, bare.rate, seconds) for pool in pools[:number]))
            )

        await bare_turn(2)
        async with side(1) as one, side(2) as two:
            for each in (one, two):
                await each.turn(warm_up)
            found = [
                (await one.turn(seconds), await two.turn(seconds), await bare_turn(1), await bare_turn(2))
                for _ in range(turns)
            ]
    print(f"{'turn':>4}{'one':>8}{'two':>8}{'bare':>8}{'two bare':>10}   pictures/s")
    for number, (a, b, c, d) in enumerate(found, 1):
        print(f"{number:4}{a:8.2f}{b:8.2f}{c:8.2f}{d:10.2f}")
    return {
        "throughput_1": round(median(each[0] for each in found), 3),
        "throughput_2": round(median(each[1] for each in found), 3),
        "ratio": round(median(each[1] / each[0] for each in found), 3),
        "ceiling": round(median(each[3] / each[2] for each in found), 3),
    }
