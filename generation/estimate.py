"""How long pictures occupy a device, learnt from events, and when waiting pictures will start. Pure.

Pictures that a device makes together share its time: while n are being made, each is charged 1/n of the time that
passes. So all charges add up to the time that passed, however the device interleaves the pictures, and a picture's
charge is the delay it causes to those behind it. Charges are learnt in three parts for each model, task and size: up to
the end of the first step (text encoding, image encoding), each further step, and after the last step (decoding,
enlarging), when another picture may take its place. Each part shrinks as more pictures share the device, because part
of a forward pass costs the same for any number of them.
"""

import heapq
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from statistics import fmean
from typing import NamedTuple

from .events import Cancelled, Event, Failed, Finished, Progress, Started
from .types import Picture, Request

#: samples that a mean remembers: enough that neither a single pass nor a worker's trials of row counts dominate
MEMORY = 200
OWN = 3  # steps of a picture after which its own pace weighs as much as what was known before
STEADY = 0.01  # deviation of 1/n below which the shared and the individual part cannot be separated
KINDS = 500  # kinds whose costs are remembered; pictures to enlarge may have any size
FRESH = 1.0  # seconds for which the forecast of a short queue is reused
MOST = 1000  # waiting pictures whose start is worked out one by one; the rest follow at the mean distance


class CostKey(NamedTuple):
    """What decides how long a step takes, besides the device."""

    model: str
    task: str
    width: int
    height: int
    #: whether each step runs the prompt and the negative prompt
    guided: bool
    #: whether the picture that it starts from is enlarged before the first step
    enlarged: bool = False

    @classmethod
    def of(cls, request: Request) -> "CostKey":
        """Return the kind of a request."""
        guided = request.guidance_scale > 1
        return cls(request.model, request.task, request.width, request.height, guided, request.enlarge_first)

    @property
    def size(self) -> int:
        """Work of a step, up to a factor: pixels, twice if guided."""
        return self.width * self.height * (1 + self.guided)


@dataclass(slots=True)
class _Cost:
    """What a part of a picture is charged when n are made together: own + shared / n, by least squares.

    If n changed during the part, 1/n is the share of each second that was charged. The formulas are those of
    https://en.wikipedia.org/wiki/Simple_linear_regression with exponentially weighted means, so recent samples count
    most.
    """

    seen: int = 0
    #: means of x = 1/n, of y = seconds, and of their products
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    xy: float = 0.0

    def add(self, x: float, seconds: float) -> None:
        """Learn from a sample: ``seconds`` charged at x = 1/n."""
        self.seen += 1
        weight = max(1 / MEMORY, 2 / (self.seen + 1))
        self.x += weight * (x - self.x)
        self.y += weight * (seconds - self.y)
        self.xx += weight * (x * x - self.xx)
        self.xy += weight * (x * seconds - self.xy)

    def get(self, together: int) -> float:
        """Return the seconds charged with ``together`` pictures on the device."""
        shared = (self.xy - self.x * self.y) / (max(0.0, self.xx - self.x**2) + STEADY**2)
        # Neither part is negative, whatever the noise says.
        shared = min(max(0.0, shared), self.y / self.x)
        return self.y + shared * (1 / together - self.x)


@dataclass(slots=True)
class _Device:
    """What one worker makes."""

    #: seconds charged so far to a picture that had been there from the start
    charged: float = 0.0
    at: float = 0.0
    running: dict[str, "_Run"] = field(default_factory=dict)

    def pass_time(self, now: float) -> None:
        """Charge the time since the last call to the pictures that are being made."""
        if self.running:
            self.charged += (now - self.at) / len(self.running)
        self.at = now


@dataclass(slots=True)
class _Run:
    """A picture that a device was given."""

    picture: Picture
    #: whether its model was loaded already
    loaded: bool
    #: at the latest step, or at the start before the first: the time, and the device's ``charged``
    at: float
    last: float
    #: ``charged`` at the first step
    first: float = 0.0
    step: int = 0

    @property
    def ending(self) -> bool:
        """Whether it has had its last step, so that another picture may take its place in the batch."""
        return 0 < self.picture.request.steps_run <= self.step


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the waiting pictures start, if nobody else comes."""

    at: float
    #: seconds after ``at``, by the number of pictures ahead; empty if nothing is known
    begins: list[float]

    @property
    def fresh(self) -> float:
        """Seconds for which it may be reused: longer for a long queue, where a second matters less."""
        return FRESH * (1 + len(self.begins) / 100)

    def seconds(self, ahead: int, now: float) -> float | None:
        """Return the seconds from ``now`` until the picture with ``ahead`` before it starts; None if not known."""
        if not self.begins:
            return None
        if ahead < len(self.begins):
            return max(0.0, self.begins[ahead] - (now - self.at))
        return max(0.0, self.begins[-1] * (ahead + 1) / len(self.begins) - (now - self.at))


class Estimator:
    """Learns from events of devices. ``device`` is any hashable key; ``now`` is of one steady clock, in seconds."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self._devices: dict[Hashable, _Device] = {}
        #: charges of a picture up to the end of its first step, of each further step, and after the last
        self._starts: dict[CostKey, _Cost] = {}
        self._steps: dict[CostKey, _Cost] = {}
        self._ends: dict[CostKey, _Cost] = {}
        #: seconds that loading takes, by model
        self._loads: dict[str, float] = {}

    def begin(self, device: Hashable, picture: Picture, *, loaded: bool, now: float) -> None:
        """Note that a device was given a picture; ``loaded`` says whether its model was there already."""
        there = self._devices.setdefault(device, _Device())
        there.pass_time(now)
        there.running[picture.id] = _Run(picture, loaded, now, there.charged)

    def take(self, device: Hashable, event: Event, now: float) -> None:
        """Learn from an event of a picture on a device."""
        there = self._devices.get(device)
        run = there.running.get(event.picture_id) if there else None
        if there is None or run is None:
            return
        there.pass_time(now)
        if isinstance(event, Started):
            run.at, run.last = now, there.charged  # it may have waited for its model's files
        elif isinstance(event, Progress) and event.step > run.step:
            self._on_step(there, run, event.step)
        elif isinstance(event, Finished):
            self._on_end(there, run)
        if isinstance(event, Finished | Failed | Cancelled):
            del there.running[event.picture_id]

    def lose(self, device: Hashable) -> None:
        """Forget a device that has gone, with all that it was making."""
        self._devices.pop(device, None)

    def cost(self, request: Request, together: int) -> tuple[float, float] | None:
        """Return the seconds charged to a picture up to its last step, and after it, with ``together`` on the device.

        None if nothing is known.
        """
        parts = [_known(costs, request, together) for costs in (self._starts, self._steps, self._ends)]
        if all(part is None for part in parts):
            return None
        start, step, end = (part or 0.0 for part in parts)
        return start + step * max(0, request.steps_run - 1), end

    def left(self, picture_id: str, now: float) -> float | None:
        """Return the seconds until a picture that is being made is done, if nobody else comes; None if not known."""
        for device in self._devices.values():
            if run := device.running.get(picture_id):
                device.pass_time(now)
                together = len(device.running)
                if not run.step and self.cost(run.picture.request, together) is None:
                    return None
                return sum(self._rest(device, run, together)) * together
        return None

    def forecast(
        self, order: Iterable[Picture], room: int, devices: int, resident: Iterable[str], now: float
    ) -> Forecast:
        """Return when the waiting pictures start, on ``devices`` with ``room`` for that many pictures in all.

        ``order`` are the waiting pictures in the order of service, ``resident`` the models that are loaded. Plays
        forward how the devices share their time, and start the next picture when one leaves its place.

        Example: one device, room 1, ``now`` 0. A picture that is being made has 6 s to its last step and 2 s after it;
        waiting are p and q, each 10 s to the last step and 2 s after it. The heaps hold leaves = [(6, 2)], ends = [].

        - p: the place is taken (1 leave, room 1), so play to charge 6: one picture shares the device, 6 s pass. The
          picture leaves its place and ends at charge 6 + 2 = 8. p starts at 6 s; leaves = [(16, 2)], ends = [8].
        - q: the place is taken by p. The next thing is the end at charge 8: two share the device until then, so
          (8 - 6) * 2 = 4 s pass, to 10 s. Then p alone goes on to charge 16: 8 s more. q starts at 18 s.

        So begins = [6, 18].
        """
        waiting, loaded = list(islice(order, MOST)), set(resident)
        running = [run for device in self._devices.values() for run in device.running.values()]
        places = max(devices, room - sum(run.ending for run in running))
        together = max(1, min(places, len(waiting) + len(running)) // devices)
        known = {picture.id: cost for picture in waiting if (cost := self.cost(picture.request, together))}
        if not known:
            return Forecast(now, [])
        usual = fmean(before for before, _ in known.values()), fmean(after for _, after in known.values())
        #: charges, if all are charged alike from now on, at which places become free, and at which pictures end
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
        """Return two heaps for the pictures that are being made.

        For those before their last step, what they will be charged up to it and after it; for the others, what they
        will be charged to their end.
        """
        leaves, ends = [], []
        for device in self._devices.values():
            device.pass_time(now)
            for run in device.running.values():
                before, after = self._rest(device, run, together)
                if run.ending:
                    ends.append(after)
                else:
                    leaves.append((before, after))
        heapq.heapify(leaves)
        heapq.heapify(ends)
        return leaves, ends

    def _rest(self, device: _Device, run: _Run, together: int) -> tuple[float, float]:
        """Return what a picture that is being made will be charged up to its last step, and after it."""
        request, since = run.picture.request, device.charged - run.last
        before, after = self.cost(request, together) or (0.0, 0.0)
        if run.ending:
            return 0.0, max(0.0, after - since)
        if run.step:
            known = _known(self._steps, request, together)
            # Its own pace counts for little at first, but for everything if nothing else is known.
            weight = OWN if known is not None else 0
            step = (weight * (known or 0.0) + run.last - run.first) / max(1, weight + run.step - 1)
            before = step * (request.steps_run - run.step)
        elif not run.loaded:
            before += self._loads.get(request.model, 0.0)
        return max(0.0, before - since), after

    def _on_step(self, device: _Device, run: _Run, step: int) -> None:
        if not (run.loaded or run.step):
            request, together = run.picture.request, len(device.running)
            usual = _known(self._starts, request, together) or 0.0
            self._loads[request.model] = max(0.0, device.at - run.at - usual * together)
        elif all(other.loaded or other.step for other in device.running.values()):  # no model is being loaded
            self._learn(self._steps if run.step else self._starts, device, run, step - run.step)
        run.first = run.first or device.charged
        run.step, run.at, run.last = step, device.at, device.charged

    def _on_end(self, device: _Device, run: _Run) -> None:
        # A picture without steps, such as one to enlarge, keeps its place to its end.
        self._learn(self._ends if run.step else self._starts, device, run)

    @staticmethod
    def _learn(costs: dict[CostKey, _Cost], device: _Device, run: _Run, times: int = 1) -> None:
        """Learn from what a picture was charged since its last step, which covers ``times`` steps.

        Forgets the kind that was learnt first if there are too many.
        """
        charge, passed = device.charged - run.last, device.at - run.at
        if passed > 0:
            costs.setdefault(CostKey.of(run.picture.request), _Cost()).add(charge / passed, charge / times)
        if len(costs) > KINDS:
            del costs[next(iter(costs))]


def _known(costs: dict[CostKey, _Cost], request: Request, together: int) -> float | None:
    """Return the cost of a request's kind, or that of its model's nearest size scaled by the size; None if unknown."""
    kind = CostKey.of(request)
    if kind in costs:
        return costs[kind].get(together)
    like = [other for other in costs if other.model == kind.model]
    if not like:
        return None
    nearest = min(
        like, key=lambda other: (other.task != kind.task, other.enlarged != kind.enlarged, abs(other.size - kind.size))
    )
    return costs[nearest].get(together) * kind.size / max(1, nearest.size)
