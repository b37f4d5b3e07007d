"""The fair queue alone, on a simulated clock: its speed, its memory, and what preferring loaded models saves."""

import gc
import random
import tracemalloc
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from statistics import fmean, median, quantiles
from time import process_time
from typing import Any

from generation import Finished, Picture, Request, Task
from generation.estimate import MOST, Estimator
from generation.queue import FairQueue

from .plots import cumulative

MANY = 40_000  # pictures that wait
SEVERAL = 20  # pictures per member: what the free plan allows to wait
MODELS = 10
MEMBERS, PICTURES, MINUTES = 50, 600, 10
#: pictures per job; if several, the order of arrival keeps a job's pictures together without any preference
SINGLE, MIXED = (1,), (1, 1, 2, 4)
PICTURE, LOADING = 2.0, 6.0  # seconds; reading six gigabytes from a fast disk takes as many

#: takes the next picture, given the time and the loaded model
Next = Callable[[float, str], Picture | None]


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of a simulation."""

    switches: int
    #: seconds until each picture started, by member
    waits: dict[int, list[float]]

    def all_waits(self) -> list[float]:
        """The waits of all members."""
        return [wait for waits in self.waits.values() for wait in waits]


async def run(*, quick: bool, out: Path | None = None) -> dict[str, Any]:
    """Measure microseconds per choice, bytes per picture with 40,000 waiting, and model switches with one slot for ten.

    With jobs of one picture, and of several (mixed), against the order of arrival and against the fair order without
    preference (plain). A wait ratio is a member's mean wait divided by the same member's in that order. ``out`` is
    where to write the plot of the waits.
    """
    figures: dict[str, Any] = {"waiting": MANY, **_times()}
    figures["bytes_each"] = {number: round(_bytes_each(number)) for number in (MANY // 4, MANY // 2, MANY)}
    panels = {}
    print(f"{'':52}{'switches':>9}{'fewer':>7}{'mean wait s':>12}{'p95':>8}")
    for title, prefix, sizes in (("one picture a job", "", SINGLE), ("several pictures a job", "mixed_", MIXED)):
        arrivals = [_arrivals(seed, sizes) for seed in range(3 if quick else 20)]
        runs = {name: [_simulate(each, *order()) for each in arrivals] for name, order in ORDERS.items()}
        fewest = sum(run.switches for run in runs[OURS])
        panels[title] = {name: [wait for run in found for wait in run.all_waits()] for name, found in runs.items()}
        for name, waits in panels[title].items():
            switches = sum(run.switches for run in runs[name])
            line = f"{switches / len(arrivals):9.0f}{switches / fewest:7.2f}{fmean(waits):12.1f}"
            print(f"{f'{title}, {name}':52}{line}{quantiles(waits, n=20)[-1]:8.1f}")
        figures |= _against(prefix, [*zip(runs[OURS], runs[ARRIVAL], strict=True)])
        figures |= _against(f"{prefix}plain_", [*zip(runs[OURS], runs[PLAIN], strict=True)])
    if out:
        cumulative(panels, "until a picture is begun", out)
    return figures


def _against(prefix: str, pairs: Sequence[tuple[Run, Run]]) -> dict[str, float]:
    """How many times fewer switches than the other order, and how many times longer members wait, mean and worst."""
    members = [fmean(waits) / fmean(b.waits[member]) for a, b in pairs for member, waits in a.waits.items()]
    return {
        f"{prefix}switches_ratio": round(sum(b.switches for _, b in pairs) / sum(a.switches for a, _ in pairs), 2),
        f"{prefix}mean_wait_ratio": round(fmean(fmean(a.all_waits()) / fmean(b.all_waits()) for a, b in pairs), 2),
        f"{prefix}worst_wait_ratio": round(max(members), 2),
    }


def _picture(user_id: int, name: str, model: str) -> Picture:
    return Picture(id=name, user_id=user_id, request=Request(task=Task.TXT2IMG, model=model, prompt=f"a cat {name}"))


def _filled(number: int) -> FairQueue:
    """A queue of ``number`` pictures of several models, several per member."""
    queue = FairQueue()
    for place in range(number):
        user = place % (number // SEVERAL)
        queue.push(_picture(user, f"{place}:0", f"model{user % MODELS}"), now=float(place))
    return queue


def _times() -> dict[str, float]:
    """Medians in CPU microseconds, and the 99th percentile of a choice.

    No loaded model is found in the look-ahead, which is the slowest case.
    """
    queue, estimator = _filled(MANY), Estimator()
    estimator.begin(0, _picture(0, "made", "model0"), loaded=True, now=0.0)
    estimator.take(0, Finished(picture_id="made", attempt=1, png=b"", seed=0, seconds=1.0), 1.0)
    taken: dict[str, list[float]] = defaultdict(list)
    gc.disable()  # a collection of the whole heap would be counted as the queue's time
    for place in range(0, MANY // 2, 20):
        name = f"{MANY - 1 - place}:0"
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("next_us", lambda: queue.next(float(MANY), ("none",))),
            ("ahead_us", lambda name=name: queue.ahead(name, float(MANY))),  # type: ignore[misc]
            ("cancel_us", lambda name=name: queue.cancel(name)),  # type: ignore[misc]
        )
        # Once a second at most, and not for each picture.
        forecast = ("forecast_us", lambda: estimator.forecast(queue.order(MOST, float(MANY)), 4, 1, (), float(MANY)))
        for step, do in (*steps, forecast) if place % 2000 == 0 else steps:
            began = process_time()
            do()
            taken[step].append((process_time() - began) * 1e6)
    gc.enable()
    medians = {step: round(median(values), 1) for step, values in taken.items()}
    return {**medians, "next_p99_us": round(sorted(taken["next_us"])[int(0.99 * len(taken["next_us"]))], 1)}


def _bytes_each(number: int) -> float:
    """Bytes per waiting picture, itself included."""
    tracemalloc.start()
    queue = _filled(number)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(queue)


def _arrivals(seed: int, sizes: Sequence[int]) -> list[tuple[float, Picture]]:
    """Pictures of jobs of these sizes with random models and members, with their arrival in seconds."""
    chance = random.Random(seed)  # noqa: S311
    jobs = PICTURES * len(sizes) // sum(sizes)
    found = []
    for number, at in enumerate(sorted(chance.uniform(0, 60 * MINUTES) for _ in range(jobs))):
        user, model = chance.randrange(MEMBERS), f"model{chance.randrange(MODELS)}"
        found += [(at, _picture(user, f"{number}:{place}", model)) for place in range(chance.choice(sizes))]
    return found


def _all_at_once(seed: int) -> list[tuple[float, Picture]]:
    return [(0.0, picture) for _, picture in _arrivals(seed, SINGLE)]


def _fair() -> tuple[Callable[[Picture, float], object], Next]:
    queue = FairQueue()
    return queue.push, lambda now, loaded: queue.next(now, (loaded,))


def _plain() -> tuple[Callable[[Picture, float], object], Next]:
    """The same queue in strict fair order, whatever is loaded."""
    queue = FairQueue()
    return queue.push, lambda now, _: queue.next(now)


def _strict() -> tuple[Callable[[Picture, float], object], Next]:
    """The order of arrival, as in other bots."""
    queue: deque[Picture] = deque()
    return lambda picture, _: queue.append(picture), lambda *_: queue.popleft() if queue else None


def _simulate(arrivals: Sequence[tuple[float, Picture]], push: Callable[[Picture, float], object], take: Next) -> Run:
    """Let one worker with room for one model make all pictures."""
    coming = [(at, list(group)) for at, group in groupby(arrivals, key=lambda each: each[0])][::-1]
    came = {picture.id: at for at, picture in arrivals}
    waits: dict[int, list[float]] = defaultdict(list)
    now, loaded, switches = 0.0, "", 0
    while coming or sum(map(len, waits.values())) < len(arrivals):
        while coming and coming[-1][0] <= now:
            at, group = coming.pop()
            for _, picture in group:
                push(picture, at)
        taken = take(now, loaded)
        if taken is None:
            now = coming[-1][0]
            continue
        if taken.request.model != loaded:
            switches, loaded, now = switches + 1, taken.request.model, now + LOADING
        waits[taken.user_id].append(now - came[taken.id])
        now += PICTURE
    return Run(switches, waits)


def affinity_off() -> float:
    """Throughput of the fair order without preference for loaded models, as a share of that with it."""
    runs = [(_simulate(arrivals, *_fair()), _simulate(arrivals, *_plain())) for arrivals in map(_all_at_once, range(5))]
    busy = [[PICTURES * PICTURE + run.switches * LOADING for run in pair] for pair in runs]
    return fmean(fair / plain for fair, plain in busy)


ARRIVAL, PLAIN, OURS = "order of arrival", "fair, no preference", "fair, loaded models first"
ORDERS = {ARRIVAL: _strict, PLAIN: _plain, OURS: _fair}
