"""How long pictures keep a device, learnt from what happens to them, and when those that wait will be begun. Pure.

Pictures that a device makes together share its time: while n are being made, each is charged a n-th of what passes. So
the charges of all add up to the time that passed, however the device interleaves them, and a picture's charge is what
it puts off those behind it by. It is learnt in two parts, seconds a step and the rest (text, encoding, decoding,
enlarging), for each model, task and size, and by how many shared the device: together they are cheaper than alone.
"""

import heapq
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from statistics import fmean
from typing import NamedTuple

from .events import Cancelled, Event, Failed, Finished, Progress
from .types import Picture, Request

#: weight of the newest time in a mean, once it has seen some; the first ones, of a cold start, count less
SMOOTHING = 0.1
KINDS = 500  # whose times are remembered; pictures to enlarge may have any size
FRESH = 1.0  # seconds for which a forecast of a short queue is used again
MOST = 1000  # waiting pictures whose beginnings are worked out one by one; the rest follow at the mean distance


class Kind(NamedTuple):
    """What decides how long a step takes, besides the device."""

    model: str
    task: str
    width: int
    height: int
    #: whether each step runs the prompt and the negative prompt
    guided: bool

    @classmethod
    def of(cls, request: Request) -> "Kind":
        """The kind of a request."""
        return cls(request.model, request.task, request.width, request.height, request.guidance_scale > 1)

    @property
    def size(self) -> int:
        """What the time grows with."""
        return self.width * self.height * (1 + self.guided)


@dataclass(slots=True)
class _Mean:
    """A mean in which what came last counts most."""

    value: float = 0.0
    seen: int = 0

    def add(self, value: float) -> None:
        self.seen += 1
        self.value += max(SMOOTHING, 2 / (self.seen + 1)) * (value - self.value)


@dataclass(slots=True)
class _Times:
    """Means by how many pictures shared the device."""

    means: dict[int, _Mean] = field(default_factory=dict)

    def add(self, together: int, seconds: float) -> None:
        self.means.setdefault(together, _Mean()).add(seconds)

    def get(self, together: int) -> float | None:
        """The mean for so many together, or for the nearest number that was seen."""
        if not self.means:
            return None
        return self.means[min(self.means, key=lambda seen: abs(seen - together))].value


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
    """A picture that is being made; times are of its device's ``charged``."""

    picture: Picture
    loaded: bool
    began: float
    #: at the first and at the last step so far
    first: float = 0.0
    last: float = 0.0
    step: int = 0


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
        self._steps: dict[Kind, _Times] = {}
        self._rests: dict[Kind, _Times] = {}
        #: seconds of loading, by model
        self._loads: dict[str, _Mean] = {}

    def begin(self, device: Hashable, picture: Picture, *, loaded: bool, now: float) -> None:
        """A device was given a picture; ``loaded`` says whether its model was there already."""
        there = self._devices.setdefault(device, _Device())
        there.pass_time(now)
        there.running[picture.id] = _Run(picture, loaded, there.charged)

    def take(self, device: Hashable, event: Event, now: float) -> None:
        """Something happened to a picture on a device."""
        there = self._devices.get(device)
        run = there.running.get(event.picture_id) if there else None
        if there is None or run is None:
            return
        there.pass_time(now)
        if isinstance(event, Progress) and event.step > run.step:
            self._on_step(there, run, event.step)
        elif isinstance(event, Finished):
            self._on_finished(there, run)
        if isinstance(event, Finished | Failed | Cancelled):
            del there.running[event.picture_id]

    def lose(self, device: Hashable) -> None:
        """A device has gone, with all that it was making."""
        self._devices.pop(device, None)

    def cost(self, request: Request, together: int) -> float | None:
        """Seconds of a device's time that a picture takes, with so many made together; None where nothing is known."""
        rest, step = self._known(self._rests, request, together), self._known(self._steps, request, together)
        if rest is None and step is None:
            return None
        return (rest or 0.0) + (step or 0.0) * request.steps_run

    def forecast(
        self, order: Iterable[Picture], room: int, devices: int, resident: Iterable[str], now: float
    ) -> Forecast:
        """When the waiting pictures are begun, on ``devices`` with room for so many in all.

        Plays forward how the devices share their time among what they make, and take the next where one has ended.
        """
        waiting, loaded = list(islice(order, MOST)), set(resident)
        in_all = len(waiting) + sum(len(device.running) for device in self._devices.values())
        together = max(1, min(room, in_all) // devices)
        costs = [self.cost(picture.request, together) for picture in waiting]
        known = [cost for cost in costs if cost is not None]
        if not known:
            return Forecast(now, [])
        usual = fmean(known)
        #: what is being made, by the charge at which it ends, if all are charged alike from now on
        ends = self._left(together, now)
        heapq.heapify(ends)
        begins: list[float] = []
        charged = seconds = 0.0
        for picture, cost in zip(waiting, costs, strict=True):
            while len(ends) >= max(1, room):
                shared, end = len(ends), heapq.heappop(ends)
                seconds += (end - charged) * shared / min(shared, devices)
                charged = end
            begins.append(seconds)
            loading = self._loads.get(picture.request.model) if picture.request.model not in loaded else None
            loaded.add(picture.request.model)
            heapq.heappush(ends, charged + (usual if cost is None else cost) + (loading.value if loading else 0.0))
        return Forecast(now, begins)

    def _left(self, together: int, now: float) -> list[float]:
        """What the pictures that are being made have still to be charged."""
        left = []
        for device in self._devices.values():
            device.pass_time(now)
            for run in device.running.values():
                cost = self.cost(run.picture.request, together) or 0.0
                left.append(max(0.0, cost - (device.charged - run.began)))
        return left

    def _on_step(self, device: _Device, run: _Run, step: int) -> None:
        if run.step:
            seconds = (device.charged - run.last) / (step - run.step)
            _learn(self._steps, run.picture.request, len(device.running), seconds)
        else:
            run.first = device.charged
        run.step, run.last = step, device.charged

    def _on_finished(self, device: _Device, run: _Run) -> None:
        request, together = run.picture.request, len(device.running)
        rest = device.charged - run.began
        if run.step > 1:
            # The first step ended when it was told; as long as the mean of the others it took itself.
            rest -= (run.last - run.first) * run.step / (run.step - 1)
        if run.loaded:
            _learn(self._rests, request, together, max(0.0, rest))
        else:
            usual = self._known(self._rests, request, together) or 0.0
            self._loads.setdefault(request.model, _Mean()).add(max(0.0, rest - usual))

    @staticmethod
    def _known(times: dict[Kind, _Times], request: Request, together: int) -> float | None:
        """The mean for a request's kind; else for the nearest size of its model, grown with the size."""
        kind = Kind.of(request)
        if kind in times:
            return times[kind].get(together)
        like = [other for other in times if other.model == kind.model]
        if not like:
            return None
        nearest = min(like, key=lambda other: (other.task != kind.task, abs(other.size - kind.size)))
        seconds = times[nearest].get(together)
        return None if seconds is None else seconds * kind.size / max(1, nearest.size)


def _learn(times: dict[Kind, _Times], request: Request, together: int, seconds: float) -> None:
    """Take a time into its kind's mean, and forget the kind that was learnt of first where there are too many."""
    times.setdefault(Kind.of(request), _Times()).add(together, seconds)
    if len(times) > KINDS:
        del times[next(iter(times))]
