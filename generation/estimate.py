"""How long pictures keep a device, learnt from what happens to them, and when those that wait will be begun. Pure.

Pictures that a device makes together share its time: while n are being made, each is charged a n-th of what passes. So
the charges of all add up to the time that passed, however the device interleaves them, and a picture's charge is what
it puts off those behind it by. It is learnt in three parts, for each model, task and size: until the first step begins
(text, encoding), seconds a step, and after the last (decoding, enlarging), when another picture may take its place.
Each part is less the more share the device, since some of what a forward pass takes is the same for any number.
"""

import heapq
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from statistics import fmean
from typing import NamedTuple

from .events import Cancelled, Event, Failed, Finished, Progress, Started
from .types import Picture, Request

#: how many times a cost is learnt from, of a step or another part of one picture: so many that neither a single pass
#: decides nor a worker's trials of other row counts and runtimes
MEMORY = 200
OWN = 3  # steps of its own after which these say as much of a picture's next ones as what is known
STEADY = 0.01  # deviation of 1/n, below which what is shared and what is each picture's own are not told apart
KINDS = 500  # whose times are remembered; pictures to enlarge may have any size
FRESH = 1.0  # seconds for which a forecast of a short queue is used again
MOST = 1000  # waiting pictures whose beginnings are worked out one by one; the rest follow at the mean distance


class CostKey(NamedTuple):
    """What decides how long a step takes, besides the device."""

    model: str
    task: str
    width: int
    height: int
    #: whether each step runs the prompt and the negative prompt
    guided: bool

    @classmethod
    def of(cls, request: Request) -> "CostKey":
        """The kind of a request."""
        return cls(request.model, request.task, request.width, request.height, request.guidance_scale > 1)

    @property
    def size(self) -> int:
        """What the time grows with."""
        return self.width * self.height * (1 + self.guided)


@dataclass(slots=True)
class _Cost:
    """What a part of a picture is charged with n together: own + shared / n, by least squares; the new counts most.

    n may have changed meanwhile; 1 / n is then what was charged of each second. The formulas are those of
    https://en.wikipedia.org/wiki/Simple_linear_regression with means that forget.
    """

    seen: int = 0
    #: means of x = 1/n, of y = seconds, and of their products
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def add(self, x: float, seconds: float) -> None:
        self.seen += 1
        weight = max(1 / MEMORY, 2 / (self.seen + 1))
        self.x += weight * (x - self.x)
        self.y += weight * (seconds - self.y)
        self.xx += weight * (x * x - self.xx)
        self.xy += weight * (x * seconds - self.xy)

    def get(self, together: int) -> float:
        """Seconds with so many together."""
        shared = (self.xy - self.x * self.y) / (max(0.0, self.xx - self.x**2) + STEADY**2)
        # Neither part is less than nothing, whatever the noise says.
        shared = min(max(0.0, shared), self.y / self.x)
        return self.y + shared * (1 / together - self.x)


@dataclass(slots=True)
class _Device:
    """What one worker makes."""

    #: seconds that each of its pictures has been charged since it began, if it had always been there
    charged: float = 0.0
    at: float = 0.0
    running: dict[str, "_Run"] = field(default_factory=dict)

    def pass_time(self, now: float) -> None:
        """Charge what passed since the last time to those that are being made."""
        if self.running:
            self.charged += (now - self.at) / len(self.running)
        self.at = now


@dataclass(slots=True)
class _Run:
    """A picture that a device was given."""

    picture: Picture
    #: whether its model was there already
    loaded: bool
    #: at the last step so far or when it was begun: the time, and its device's ``charged``
    at: float
    last: float
    #: ``charged`` at the first step
    first: float = 0.0
    step: int = 0

    @property
    def ending(self) -> bool:
        """Whether it has had its last step; where pictures are made together, another may take its place."""
        return 0 < self.picture.request.steps_run <= self.step


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the waiting pictures are begun, if nobody comes."""

    at: float
    #: seconds after ``at``, by how many are ahead; empty where nothing is known
    begins: list[float]

    @property
    def fresh(self) -> float:
        """For how many seconds it may be used again: those at the end of a long queue can wait for a new one."""
        return FRESH * (1 + len(self.begins) / 100)

    def seconds(self, ahead: int, now: float) -> float | None:
        """Seconds from ``now`` until the picture that has so many ahead of it is begun; None where not known."""
        if not self.begins:
            return None
        if ahead < len(self.begins):
            return max(0.0, self.begins[ahead] - (now - self.at))
        return max(0.0, self.begins[-1] * (ahead + 1) / len(self.begins) - (now - self.at))


class Estimator:
    """Learns from what happens on the devices. ``device`` is any key for each; ``now`` of one steady clock."""

    def __init__(self) -> None:
        self._devices: dict[Hashable, _Device] = {}
        #: of a picture's parts: what it has until its first step is done, each further step, what follows the last
        self._starts: dict[CostKey, _Cost] = {}
        self._steps: dict[CostKey, _Cost] = {}
        self._ends: dict[CostKey, _Cost] = {}
        #: seconds of loading, by model
        self._loads: dict[str, float] = {}

    def begin(self, device: Hashable, picture: Picture, *, loaded: bool, now: float) -> None:
        """A device was given a picture; ``loaded`` says whether its model was there already."""
        there = self._devices.setdefault(device, _Device())
        there.pass_time(now)
        there.running[picture.id] = _Run(picture, loaded, now, there.charged)

    def take(self, device: Hashable, event: Event, now: float) -> None:
        """Something happened to a picture on a device."""
        there = self._devices.get(device)
        run = there.running.get(event.picture_id) if there else None
        if there is None or run is None:
            return
        there.pass_time(now)
        if isinstance(event, Started):
            run.at, run.last = now, there.charged  # it may have waited there, as for its model's files
        elif isinstance(event, Progress) and event.step > run.step:
            self._on_step(there, run, event.step)
        elif isinstance(event, Finished):
            self._on_end(there, run)
        if isinstance(event, Finished | Failed | Cancelled):
            del there.running[event.picture_id]

    def lose(self, device: Hashable) -> None:
        """A device has gone, with all that it was making."""
        self._devices.pop(device, None)

    def cost(self, request: Request, together: int) -> tuple[float, float] | None:
        """Seconds of a device's time that a picture takes up to its last step and after it, with so many made together.

        None where nothing is known.
        """
        parts = [_known(costs, request, together) for costs in (self._starts, self._steps, self._ends)]
        if all(part is None for part in parts):
            return None
        start, step, end = (part or 0.0 for part in parts)
        return start + step * max(0, request.steps_run - 1), end

    def forecast(
        self, order: Iterable[Picture], room: int, devices: int, resident: Iterable[str], now: float
    ) -> Forecast:
        """When the waiting pictures are begun, on ``devices`` with room for so many in all.

        Plays forward how the devices share their time among what they make, and take the next where one has ended.
        """
        waiting, loaded = list(islice(order, MOST)), set(resident)
        running = [run for device in self._devices.values() for run in device.running.values()]
        places = max(devices, room - sum(run.ending for run in running))
        together = max(1, min(places, len(waiting) + len(running)) // devices)
        known = {picture.id: cost for picture in waiting if (cost := self.cost(picture.request, together))}
        if not known:
            return Forecast(now, [])
        usual = fmean(before for before, _ in known.values()), fmean(after for _, after in known.values())
        #: charges, if all are charged alike from now on, at which places are left to others, and at which pictures end
        leaves, ends = self._left(together, now)
        begins: list[float] = []
        charged = seconds = 0.0
        for picture in waiting:
            while len(leaves) >= places:
                shared = len(leaves) + len(ends)
                if ends and ends[0] <= leaves[0][0]:
                    at = heapq.heappop(ends)
                else:
                    at, after = heapq.heappop(leaves)
                    heapq.heappush(ends, at + after)
                seconds += (at - charged) * shared / min(shared, devices)
                charged = at
            begins.append(seconds)
            before, after = known.get(picture.id, usual)
            if picture.request.model not in loaded:
                before += self._loads.get(picture.request.model, 0.0)
                loaded.add(picture.request.model)
            heapq.heappush(leaves, (charged + before, after))
        return Forecast(now, begins)

    def _left(self, together: int, now: float) -> tuple[list[tuple[float, float]], list[float]]:
        """What the pictures that are being made have still to be charged up to their last step, with what follows it;
        and what is left of those that had it. Both are heaps."""
        leaves, ends = [], []
        for device in self._devices.values():
            device.pass_time(now)
            for run in device.running.values():
                before, after = self.cost(run.picture.request, together) or (0.0, 0.0)
                since = device.charged - run.last
                if run.ending:
                    ends.append(max(0.0, after - since))
                    continue
                if run.step:
                    known = _known(self._steps, run.picture.request, together) or 0.0
                    step = (OWN * known + run.last - run.first) / (OWN + run.step - 1)
                    before = step * (run.picture.request.steps_run - run.step)
                leaves.append((max(0.0, before - since), after))
        heapq.heapify(leaves)
        heapq.heapify(ends)
        return leaves, ends

    def _on_step(self, device: _Device, run: _Run, step: int) -> None:
        if not (run.loaded or run.step):
            request, together = run.picture.request, len(device.running)
            usual = _known(self._starts, request, together) or 0.0
            self._loads[request.model] = max(0.0, device.at - run.at - usual * together)
        elif all(other.loaded or other.step for other in device.running.values()):  # nobody's model is being loaded
            self._learn(self._steps if run.step else self._starts, device, run, step - run.step)
        run.first = run.first or device.charged
        run.step, run.at, run.last = step, device.at, device.charged

    def _on_end(self, device: _Device, run: _Run) -> None:
        # What has no steps, as enlarging, keeps its place to its end.
        self._learn(self._ends if run.step else self._starts, device, run)

    @staticmethod
    def _learn(costs: dict[CostKey, _Cost], device: _Device, run: _Run, times: int = 1) -> None:
        """Take what a picture was charged since its last step, for so many, into its kind's cost; forget the kind that
        was learnt of first where there are too many."""
        charge, passed = device.charged - run.last, device.at - run.at
        if passed > 0:
            costs.setdefault(CostKey.of(run.picture.request), _Cost()).add(charge / passed, charge / times)
        if len(costs) > KINDS:
            del costs[next(iter(costs))]


def _known(costs: dict[CostKey, _Cost], request: Request, together: int) -> float | None:
    """The cost for a request's kind; else for the nearest size of its model, grown with the size."""
    kind = CostKey.of(request)
    if kind in costs:
        return costs[kind].get(together)
    like = [other for other in costs if other.model == kind.model]
    if not like:
        return None
    nearest = min(like, key=lambda other: (other.task != kind.task, abs(other.size - kind.size)))
    return costs[nearest].get(together) * kind.size / max(1, nearest.size)
