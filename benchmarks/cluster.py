"""What a cluster costs and keeps: two nodes of one CPU against two local children, and pictures while nodes die."""

import asyncio
import logging
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from time import monotonic
from typing import Any, NamedTuple

import psutil

from generation import Catalogue, ClusterConfig, Event, Failed, Finished, Picture, Service

from .devices import Side
from .nodes import Nodes
from .pictures import picture

JOINING = 180.0  # seconds for nodes to make pictures, on a busy machine
WARM_UP, TURN, TURNS = 20.0, 10.0, 8  # seconds before, seconds of a turn, and how many each has
QUICK_WARM_UP, QUICK_TURN, QUICK_TURNS = 3.0, 3.0, 3
ALONE, QUICK_ALONE = 60, 10  # pictures one after another, for the overhead
STREAM, QUICK_STREAM = 60, 16  # pictures while a node and an actor are killed
STEPS = 8
ATTEMPTS = 5  # of a picture here, where every kill may meet it; the bot makes two


async def run(*, quick: bool) -> dict[str, Any]:
    """Measure the cluster against local children.

    Ratios of throughputs, also by CPU time, milliseconds that a picture's way takes more, seconds to notice a killed
    node, and pictures that were lost or came twice.
    """
    logging.getLogger("generation").setLevel(logging.CRITICAL)  # what is lost is lost on purpose
    with tempfile.TemporaryDirectory() as folder:
        nodes = Nodes(Path(folder))
        try:
            for name in ("one", "two"):
                nodes.add(name)
            throughput = await _throughput(nodes, quick=quick)
            overhead = await _overhead(nodes, QUICK_ALONE if quick else ALONE)
            kept = await _killed(nodes, QUICK_STREAM if quick else STREAM)
        finally:
            nodes.close()
    return {**throughput, "overhead_ms": overhead, **kept}


def _service(nodes: Nodes) -> Service:
    return Service(Catalogue.load(), (), cluster=ClusterConfig(address=nodes.address, cpu=True))


async def _joined(service: Service, number: int) -> None:
    async with asyncio.timeout(JOINING):
        while (state := service.cluster()) is None or len(state.cards) != number:  # noqa: ASYNC110 - it makes no event
            await asyncio.sleep(0.1)


async def _throughput(nodes: Nodes, *, quick: bool) -> dict[str, float]:
    """Of two nodes and two children in turns; ratios are medians over pairs of turns.

    Where other programs take the cores, steps by second of CPU tell more than steps by second: those of all processes
    that the steps need, less what Ray takes while it has nothing to do.
    """
    warm_up, seconds, turns = (QUICK_WARM_UP, QUICK_TURN, QUICK_TURNS) if quick else (WARM_UP, TURN, TURNS)
    near, far = Service(Catalogue.load(), ["cpu"] * 2, threads=1), _service(nodes)
    async with Side(near, 2) as local, Side(far, 2) as cluster:
        await _joined(far, 2)
        for side in (local, cluster):
            await side.turn(warm_up)
        children = near.worker_pids()
        pairs = [(await _turn(local, children, seconds), await _turn(cluster, children, seconds)) for _ in range(turns)]
    print(f"{'turn':>4}{'local':>8}{'cluster':>9}{'local':>9}{'cluster':>9}   pictures/s, steps by second of CPU")
    found = []
    for number, (one, other) in enumerate(pairs, 1):
        idle = one.others / one.seconds
        costs = one.steps / one.children, other.steps / (other.others - idle * other.seconds)
        print(f"{number:4}{one.rate:8.2f}{other.rate:9.2f}{costs[0]:9.2f}{costs[1]:9.2f}")
        found.append((other.rate / one.rate, costs[1] / costs[0], idle))
    return {
        "throughput_local": round(median(one.rate for one, _ in pairs), 3),
        "throughput_cluster": round(median(other.rate for _, other in pairs), 3),
        "ratio_to_local": round(median(each[0] for each in found), 3),
        "cpu_ratio_to_local": round(median(each[1] for each in found), 3),
        "idle_cores": round(median(each[2] for each in found), 3),
    }


class _Turn(NamedTuple):
    """What was made in a turn, in pictures per second and in steps, and the seconds of CPU that it took."""

    rate: float
    steps: int
    seconds: float
    #: CPU time of the local children
    children: float
    #: and of all other processes below this one: Ray's, and the children on nodes
    others: float


async def _turn(side: Side, children: Sequence[int], seconds: float) -> _Turn:
    began, steps, before = monotonic(), side.steps, _cpu_seconds(children)
    rate = await side.turn(seconds)
    after = _cpu_seconds(children)
    return _Turn(rate, side.steps - steps, monotonic() - began, after[0] - before[0], after[1] - before[1])


def _cpu_seconds(children: Sequence[int]) -> tuple[float, float]:
    """CPU time of these children, and of all other processes below this one."""
    found = [0.0, 0.0]
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            found[process.pid not in children] += times.user + times.system
    return found[0], found[1]


class _Follower:
    """A service whose pictures are tried again as the bot does, and whose ends are counted."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.finished: Counter[str] = Counter()
        self.given_up: Counter[str] = Counter()
        self.changed = asyncio.Event()
        self._pictures: dict[str, Picture] = {}
        self._seconds: dict[str, float] = {}

    def submit(self, made: Picture) -> None:
        self._pictures[made.id] = made
        self.service.submit([made])

    async def follow(self) -> None:
        async for event in self.service.events():
            self._take(event)
            self.changed.set()

    def _take(self, event: Event) -> None:
        current = self._pictures[event.picture_id]
        if event.attempt != current.attempt:
            return
        if isinstance(event, Finished):
            self.finished[event.picture_id] += 1
            self._seconds[event.picture_id] = event.seconds
        elif isinstance(event, Failed):
            if event.retryable and current.attempt < ATTEMPTS:
                self.submit(replace(current, attempt=current.attempt + 1))
            else:
                self.given_up[event.picture_id] += 1

    async def until_finished(self, number: int) -> None:
        while self.finished.total() + self.given_up.total() < number:
            self.changed.clear()
            await self.changed.wait()

    async def way(self, name: str) -> float:
        """Milliseconds of a picture alone, from its submission to its end, but those in which it was made."""
        made, began = picture(name, 1, STEPS), monotonic()
        self.submit(made)
        while not self.finished[made.id]:
            self.changed.clear()
            await self.changed.wait()
        return (monotonic() - began - self._seconds[made.id]) * 1000


@asynccontextmanager
async def _following(service: Service) -> AsyncIterator[_Follower]:
    await service.start()
    follower = _Follower(service)
    task = asyncio.create_task(follower.follow())
    try:
        yield follower
    finally:
        await service.close()
        await task


async def _overhead(nodes: Nodes, number: int) -> dict[str, float]:
    """What a picture's way through Ray takes more than through a pipe, in turns."""
    far_service = _service(nodes)
    async with (
        _following(Service(Catalogue.load(), ["cpu"], threads=1)) as local,
        _following(far_service) as far,
    ):
        await _joined(far_service, 2)
        for each in (local, far):
            for place in range(3):
                await each.way(f"warm {place}")
        pairs = [(await local.way(f"local {place}"), await far.way(f"far {place}")) for place in range(number)]
    pipes, rays = [pipe for pipe, _ in pairs], [ray for _, ray in pairs]
    return {
        "p50": round(median(rays) - median(pipes), 1),
        "p99": round(quantiles(rays, n=100)[98] - quantiles(pipes, n=100)[98], 1),
        "pipe_p50": round(median(pipes), 1),
        "ray_p50": round(median(rays), 1),
    }


async def _killed(nodes: Nodes, number: int) -> dict[str, Any]:
    """A stream of pictures on a local device and two nodes, while an actor and a node are killed and a node comes."""
    config = ClusterConfig(address=nodes.address, cpu=True)
    service = Service(Catalogue.load(), ["cpu"], threads=1, cluster=config)
    async with _following(service) as follower:
        await _joined(service, 2)
        for place in range(number):
            follower.submit(picture(f"stream {place}", place % 7, 4 * STEPS))
        first, second = nodes.workers()
        await follower.until_finished(number // 6)
        nodes.actors(first)[0].kill()
        await follower.until_finished(number // 3)
        await _joined(service, 2)
        at = monotonic()
        nodes.kill(second)
        await _joined(service, 1)
        noticed = monotonic() - at
        nodes.add("three")
        await follower.until_finished(number)
    return {
        "seconds_to_notice": round(noticed, 2),
        "asked": number,
        "lost": number - len(follower.finished),
        "doubled": sum(times - 1 for times in follower.finished.values()),
    }
