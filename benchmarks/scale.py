"""A day of a million pictures for 10,000 servers on 100 GPUs, to see which part is full first.

The real queue, quota, limit and database run on a simulated clock, with devices and a Discord that are only times.
"""

import heapq
import random
import resource
import tempfile
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, count
from math import cos, pi
from pathlib import Path
from statistics import fmean, quantiles
from time import perf_counter, process_time
from typing import Any

from bot.config import Config
from bot.config.schema import Flooding, Plan, Storage
from bot.jobs.rest_limit import PER_SECOND, RestLimit
from bot.quota import Allowance, Usage, allowance
from bot.store import JobRow, Store
from generation import Picture, Request, Task
from generation.queue import FairQueue

from .caches import megabytes

DAY = 86_400.0
SERVERS, PICTURES, GPUS = 10_000, 1_000_000, 100
QUICK = 20  # times fewer of all three
MEMBERS_EACH = 10  # members of a server who ask for pictures on such a day, on average
SWING = 0.5  # by which share noon is above the day's mean, and midnight below it
MODELS, RESIDENT, LOADING = 6, 2, 8.0  # models, of which a card keeps so many; seconds to load one
SECONDS = (3.0, 9.0)  # of a picture
COUNTS, COUNT_SHARES = (1, 2, 4), (0.5, 0.2, 0.3)  # pictures of a job
#: share of jobs that a message asked for: their progress is shown in the channel, which the limit counts
BY_MESSAGE, PROGRESS_EVERY = 0.1, 3.0
#: name, share of the members, images a day, turns in a round
PLANS = (("free", 0.9, 20, 1), ("plus", 0.08, 100, 2), ("pro", 0.02, 500, 4))
CACHED, CHANNELS = 3000, 50  # servers that are put into the client's memory, and channels of each
STORED, QUICK_STORED = 2000, 200  # jobs with which the database is timed


@dataclass(slots=True)
class _Job:
    server: int
    left: int
    by_message: bool
    begun: float | None = None


@dataclass(slots=True)
class _Day:
    """Counts and times of the day."""

    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    #: announcements and deliveries by the second, and edits that show progress
    calls: Counter[int] = field(default_factory=Counter)
    progress: Counter[int] = field(default_factory=Counter)
    #: transactions by the second
    writes: Counter[int] = field(default_factory=Counter)
    delays: list[float] = field(default_factory=list)
    progress_put_off: int = 0
    loads: int = 0
    pictures: int = 0
    refused: int = 0
    most_waiting: int = 0
    busy: float = 0.0
    #: seconds that this process computed in the queue and the quota
    queue_seconds: float = 0.0
    quota_seconds: float = 0.0


class _Card:
    """A GPU, which keeps the models that it used last."""

    def __init__(self) -> None:
        self.resident: OrderedDict[str, None] = OrderedDict()

    def make(self, model: str, seconds: float) -> tuple[float, bool]:
        """Seconds that a picture takes, and whether its model had to be loaded."""
        there = model in self.resident
        self.resident[model] = None
        self.resident.move_to_end(model)
        if len(self.resident) > RESIDENT:
            self.resident.popitem(last=False)
        return seconds + (0.0 if there else LOADING), not there


class _Simulation:
    """Events in the order of their times."""

    def __init__(self, servers: int, pictures: int, gpus: int, per_second: int) -> None:
        self.now = 0.0
        self.day = _Day()
        self._chance = random.Random(1)  # noqa: S311
        self._servers, self._asked = servers, pictures
        self._gpus = gpus
        self._queue = FairQueue()
        self._limit = RestLimit(per_second, clock=lambda: self.now)
        self._idle = [_Card() for _ in range(gpus)]
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._used: Counter[int] = Counter()
        self._jobs: dict[str, _Job] = {}
        self._came: dict[str, float] = {}
        self._members = range(servers * MEMBERS_EACH)
        #: how much of the traffic each member makes: few make most of it (Zipf)
        self._weights = list(accumulate(1 / (10 + rank) ** 0.8 for rank in self._members))
        bounds = list(accumulate(share for _, share, _, _ in PLANS))
        # By a member's number and not by how much they ask, so that each plan has heavy and light ones.
        self._plan = self._chance.choices(range(len(PLANS)), cum_weights=bounds, k=len(self._members))

    def run(self) -> _Day:
        """The whole day, until all that was asked for is made."""
        self._at(self._pause(), self._arrive)
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()
        return self.day

    def _at(self, time: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (time, next(self._numbers), event))

    def _pause(self) -> float:
        """Until the next request: a Poisson process whose rate swings over the day."""
        mean = self._asked / sum(n * share for n, share in zip(COUNTS, COUNT_SHARES, strict=True)) / DAY
        return self._chance.expovariate(mean * (1 - SWING * cos(2 * pi * self.now / DAY)))

    def _arrive(self) -> None:
        """A member asks, and the next request comes after it."""
        if self.now >= DAY:
            return
        self._at(self.now + self._pause(), self._arrive)
        number = self._chance.choices(COUNTS, COUNT_SHARES)[0]
        while (member := self._asking(number)) is None:
            self.day.refused += 1  # and somebody else asks instead
        plan = PLANS[self._plan[member]]
        self._used[member] += number
        name = f"{next(self._numbers):x}"
        self._jobs[name] = _Job(member % self._servers, number, self._chance.random() < BY_MESSAGE)
        self._write()  # accepted
        self._call()  # announced
        self._write()  # where the announcement stands
        model = f"model{min(int(self._chance.expovariate(0.7)), MODELS - 1)}"
        request = Request(task=Task.TXT2IMG, model=model, prompt="a cat", width=1024, height=1024)
        began = process_time()
        for place in range(number):
            made = Picture(id=f"{name}:{place}", user_id=member, priority=plan[3], request=request)
            self._came[made.id] = self.now
            self._queue.push(made, self.now)
        self.day.queue_seconds += process_time() - began
        self.day.most_waiting = max(self.day.most_waiting, len(self._queue))
        self._feed()

    def _asking(self, number: int) -> int | None:
        """A member by chance; None if their day does not pay so many."""
        (member,) = self._chance.choices(self._members, cum_weights=self._weights)
        began = process_time()
        payers = self._allowed(member, PLANS[self._plan[member]][2]).payers(number)
        self.day.quota_seconds += process_time() - began
        return member if len(payers) == number else None

    def _allowed(self, member: int, limit: int) -> Allowance:
        used = self._used[member]
        usage = Usage(since_reset=used, since_operator_reset=used)
        return allowance(limit=limit, ceiling=limit, usage=usage, plan="", resets_at=datetime.now(UTC))

    def _feed(self) -> None:
        """Give idle cards what is next."""
        while self._idle and len(self._queue):
            card = self._idle.pop()
            began = process_time()
            made = self._queue.next(self.now, card.resident)
            self.day.queue_seconds += process_time() - began
            if made is None:
                return
            self._begin(card, made)

    def _begin(self, card: _Card, made: Picture) -> None:
        job = self._jobs[made.id.partition(":")[0]]
        self.day.waits[PLANS[self._plan[made.user_id]][0]].append(self.now - self._came.pop(made.id))
        seconds, loads = card.make(made.request.model, self._chance.uniform(*SECONDS))
        self.day.loads += loads
        self.day.busy += seconds
        self._write()  # started
        if job.by_message and job.begun is None:
            job.begun = self.now
            self._at(self.now + PROGRESS_EVERY, lambda: self._show(job))
        self._at(self.now + seconds, lambda: self._end(card, made, job))

    def _end(self, card: _Card, made: Picture, job: _Job) -> None:
        self.day.pictures += 1
        self._write()  # finished
        job.left -= 1
        if not job.left:
            del self._jobs[made.id.partition(":")[0]]
            self._call()  # delivered
            self._write()  # that it was
        self._idle.append(card)
        self._feed()

    def _show(self, job: _Job) -> None:
        """Progress in the channel, which waits while the limit is half used."""
        if not job.left:
            return
        if self._limit.leisure_in():
            self.day.progress_put_off += 1
        else:
            self.day.progress[int(self.now + self._limit.reserve())] += 1
        self._at(self.now + PROGRESS_EVERY, lambda: self._show(job))

    def _call(self) -> None:
        delay = self._limit.reserve()
        self.day.delays.append(delay)
        self.day.calls[int(self.now + delay)] += 1

    def _write(self) -> None:
        self.day.writes[int(self.now)] += 1


async def run(*, quick: bool) -> dict[str, Any]:
    """Waiting seconds by plan, requests and transactions a second, memory, and how full each part is at its fullest."""
    times = QUICK if quick else 1
    began = perf_counter()
    day = _Simulation(SERVERS // times, PICTURES // times, GPUS // times, PER_SECOND // times).run()
    capacity = await _database(QUICK_STORED if quick else STORED)
    calls, writes = _busiest(day.calls), _busiest(day.writes)
    computed = (day.queue_seconds + day.quota_seconds) / DAY * times * writes["busiest_minute"] / writes["mean"]
    full = {
        "gpus": round(day.busy / DAY / (GPUS // times), 3),
        "rest": round(calls["busiest_minute"] / (PER_SECOND // times), 3),
        "database": round(writes["busiest_minute"] / (capacity / times), 3),
        "queue_and_quota": round(computed, 3),
    }
    rest = {name: share for name, share in full.items() if name != "gpus"}
    print(f"{'plan':8}{'pictures':>10}{'mean s':>9}{'p50':>9}{'p95':>9}{'p99':>9}")
    for plan, *_ in PLANS:
        waits = day.waits[plan]
        cuts = quantiles(waits, n=100)
        print(f"{plan:8}{len(waits):10}{fmean(waits):9.1f}{cuts[49]:9.1f}{cuts[94]:9.1f}{cuts[98]:9.1f}")
    return {
        "servers": SERVERS // times,
        "gpus": GPUS // times,
        "pictures": day.pictures,
        "refused_jobs": day.refused,
        "wait_p50": {plan: round(quantiles(day.waits[plan], n=100)[49], 1) for plan, *_ in PLANS},
        "wait_p95": {plan: round(quantiles(day.waits[plan], n=100)[94], 1) for plan, *_ in PLANS},
        "most_waiting": day.most_waiting,
        "models_loaded": day.loads,
        "rest_calls_a_second": calls,
        "progress_calls_a_second": _busiest(day.progress),
        "delivery_delay_p99": round(quantiles(day.delays, n=100)[98], 3),
        "progress_shown": round(day.progress.total() / max(1, day.progress.total() + day.progress_put_off), 3),
        "database_writes_a_second": writes,
        "database_writes_possible": round(capacity),
        "queue_us_a_picture": round(day.queue_seconds / day.pictures * 1e6, 1),
        "quota_us_a_picture": round(day.quota_seconds / day.pictures * 1e6, 1),
        "servers_in_memory_mib": {
            "servers": CACHED,
            "channels": CHANNELS,
            "mib": round(megabytes(CACHED, CHANNELS), 1),
        },
        "simulation_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "full_at_the_busiest": full,
        "first_bottleneck": max(rest, key=lambda name: rest[name]),
        "seconds": round(perf_counter() - began),
    }


def _busiest(counts: Counter[int]) -> dict[str, float]:
    """Of events by the second: the mean, that of the busiest minute, and the busiest second."""
    minutes: Counter[int] = Counter()
    for second, number in counts.items():
        minutes[second // 60] += number
    return {
        "mean": round(sum(counts.values()) / DAY, 1),
        "busiest_minute": round(max(minutes.values()) / 60, 1),
        "busiest_second": max(counts.values()),
    }


async def _database(jobs: int) -> float:
    """Transactions a second that the real database does, one after another, with the day's mix of them."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(images_per_day=100_000, waiting=1000)
        flooding = Flooding(server_waiting=1_000_000, waiting=1_000_000)
        store = Store(Config(storage=Storage(folder=Path(folder)), plans={"free": plan}, flooding=flooding))
        await store.open()
        try:
            began, written = perf_counter(), 0
            for number in range(jobs):
                written += await _one_job(store, number)
            return written / (perf_counter() - began)
        finally:
            await store.close()


async def _one_job(store: Store, number: int) -> int:
    """What the bot writes of a job; the number of transactions."""
    now = datetime.now(UTC) + timedelta(milliseconds=number)
    made = COUNTS[number % len(COUNTS)]
    job = JobRow(
        id=f"{number:012x}", interaction_id=number + 1, user_id=number % 500 + 1, guild_id=number % 50 + 1,
        channel_id=5, locale="en-US", upload_limit=10,
        request=Request(task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", count=made), created_at=now,
    )  # fmt: skip
    await store.accept(job)
    await store.jobs.set_message(job.id, 5, number + 1)
    for place in range(made):
        await store.jobs.started(f"{job.id}:{place}", 1)
        await store.jobs.finished(f"{job.id}:{place}", 1, 5.0)
    await store.jobs.set_delivered(job.id, now)
    return 3 + 2 * made
