"""Estimates of waiting, against a simulated device that makes pictures together, step by step."""

import random
from collections import deque
from dataclasses import dataclass, field, replace

import pytest

from generation import Cancelled, Event, Failed, Finished, Picture, Progress, Request, Started, Task
from generation.estimate import KINDS, Estimator

LOADING = 20.0  # seconds


def picture(name: int, steps: int, model: str = "a", side: int = 512) -> Picture:
    request = Request(
        task=Task.TXT2IMG, model=model, num_inference_steps=steps, guidance_scale=4.0, width=side, height=side
    )
    return Picture(id=f"{name}:0", user_id=name, request=request)


def test_enlarging_before_the_steps_is_learnt_by_itself_and_told_as_time_left() -> None:
    """Members 3: whoever waits behind “Enlarge and refine” is told of its minutes, and it says how long it takes."""
    estimator = Estimator()
    plain = Request(task=Task.IMG2IMG, model="a", num_inference_steps=2, width=512, height=512)
    enlarged = replace(plain, enlarge_first=True)
    now = 0.0
    for number, (request, start) in enumerate([(plain, 1.0), (enlarged, 61.0)]):
        made = Picture(id=f"{number}:0", user_id=1, request=request)
        estimator.begin("device", made, loaded=True, now=now)
        for seconds, event in (
            (0.0, Started(picture_id=made.id, attempt=1)),
            (start, Progress(picture_id=made.id, attempt=1, step=1, of=2)),
            (1.0, Progress(picture_id=made.id, attempt=1, step=2, of=2)),
            (1.0, Finished(picture_id=made.id, attempt=1, png=b"", seed=0, seconds=0.0)),
        ):
            now += seconds
            estimator.take("device", event, now)
    costs = [sum(estimator.cost(request, 1) or ()) for request in (plain, enlarged)]
    assert costs == [pytest.approx(3.0), pytest.approx(63.0)]
    estimator.begin("device", Picture(id="2:0", user_id=1, request=enlarged), loaded=True, now=now)
    assert estimator.left("2:0", now + 13) == pytest.approx(50.0)
    behind = Picture(id="3:0", user_id=2, request=plain)
    assert estimator.forecast([behind], 1, 1, ["a"], now + 13).seconds(0, now + 13) == pytest.approx(49.0, abs=1.5)
    assert estimator.left("3:0", now) is None


@dataclass
class Device:
    """Makes up to ``room`` pictures together on a clock of its own, and tells the estimator of it."""

    estimator: Estimator
    number: int = 0
    room: int = 1
    now: float = 0.0
    #: how many times as long its steps take, as while a worker tries other ways to make them
    slow: float = 1.0
    #: seconds that it waits for a model's files
    fetching: float = 0.0
    loaded: set[str] = field(default_factory=lambda: {"a"})
    running: dict[str, tuple[Picture, int]] = field(default_factory=dict)
    begun: dict[str, float] = field(default_factory=dict)

    def step(self, waiting: deque[Picture]) -> None:
        """Take what there is room for, end those that had their last step, and make one of the others."""
        while waiting and sum(each.request.steps_run > done for each, done in self.running.values()) < self.room:
            self._take(waiting.popleft())
        for name, (each, done) in list(self.running.items()):
            if done == each.request.steps_run:
                self.now += 0.4 * each.request.width**2 / 512**2
                self._tell(Finished(picture_id=name, attempt=1, png=b"", seed=0, seconds=0.0))
                del self.running[name]
        # Each further row of a step costs less than the first.
        sizes = [each.request.width**2 / 512**2 for each, _ in self.running.values()]
        self.now += (0.1 + 0.1 * sum(sizes)) * self.slow if sizes else 0.0
        for name, (each, done) in list(self.running.items()):
            self.running[name] = (each, done + 1)
            self._tell(Progress(picture_id=name, attempt=1, step=done + 1, of=each.request.steps_run))

    def make(self, waiting: deque[Picture]) -> None:
        while waiting or self.running:
            self.step(waiting)

    def _take(self, new: Picture) -> None:
        known = new.request.model in self.loaded
        self.estimator.begin(self.number, new, loaded=known, now=self.now)
        self.begun[new.id] = self.now
        self.running[new.id] = (new, 0)
        if not known:
            self.now += self.fetching
        self._tell(Started(picture_id=new.id, attempt=1))
        if not known:
            self.loaded.add(new.request.model)
            self.now += LOADING
        self.now += 0.05

    def _tell(self, event: Event) -> None:
        self.estimator.take(self.number, event, self.now)


def right(told: list[float | None], happened: list[float], within: float = 0.3) -> float:
    """The share of estimates that are right, of those who wait at all."""
    pairs = [(a, b) for a, b in zip(told, happened, strict=True) if b and a is not None]
    return sum(abs(a - b) <= within * b for a, b in pairs) / len(pairs)


@pytest.mark.parametrize("room", [1, 4, 8])
@pytest.mark.parametrize("seed", range(3))
def test_nine_of_ten_estimates_are_right_where_nobody_joins(room: int, seed: int) -> None:
    """Of mixed steps and sizes, with others being made, nine of ten pictures begin within 30% of the estimate."""
    chance = random.Random(seed)
    device = Device(Estimator(), room=room)
    device.make(deque(picture(number, 20) for number in range(3 * room)))
    sizes = [(chance.choice([4, 10, 20, 30, 50]), chance.choice([512, 512, 768])) for _ in range(60)]
    waiting = deque(picture(100 + number, steps, side=side) for number, (steps, side) in enumerate(sizes))
    for _ in range(7):
        device.step(waiting)
    asked, order = device.now, list(waiting)
    forecast = device.estimator.forecast(order, room, 1, device.loaded, asked)
    device.make(waiting)
    happened = [device.begun[each.id] - asked for each in order]
    assert right([forecast.seconds(place, asked) for place in range(len(order))], happened) >= 0.9


def test_the_rest_of_a_long_queue_follows_at_the_mean_distance() -> None:
    """The last of three thousand pictures is estimated right though not all are worked out."""
    device = Device(Estimator())
    device.make(deque(picture(number, 10) for number in range(3)))
    asked, waiting = device.now, deque(picture(10 + number, 10 + number % 7) for number in range(3000))
    forecast = device.estimator.forecast(waiting, 1, 1, device.loaded, asked)
    last = waiting[-1]
    device.make(waiting)
    assert forecast.seconds(2999, asked) == pytest.approx(device.begun[last.id] - asked, rel=0.1)


def test_loading_a_model_is_learnt_and_counted() -> None:
    """Who waits behind pictures of a model that is not loaded is told of the time that loading it took before."""
    device = Device(Estimator())
    device.make(deque([picture(1, 10), picture(2, 10, "b"), picture(3, 10, "b")]))
    device.loaded = {"a"}
    asked, waiting = device.now, deque([picture(4, 10, "b"), picture(5, 10)])
    forecast = device.estimator.forecast(list(waiting), 1, 1, device.loaded, asked)
    device.make(waiting)
    assert device.begun["5:0"] - asked > LOADING
    assert forecast.seconds(1, asked) == pytest.approx(device.begun["5:0"] - asked, rel=0.05)


def test_waiting_for_a_models_files_is_not_taken_for_loading_it() -> None:
    """Whoever waits for a model that was once fetched for an hour is told only of the time that loading it took."""
    device = Device(Estimator(), fetching=3600.0)
    device.make(deque([picture(1, 10), picture(2, 10, "b")]))
    forecast = device.estimator.forecast([picture(3, 10, "b"), picture(4, 10)], 1, 1, {"a"}, device.now)
    seconds = forecast.seconds(1, device.now)
    assert seconds
    assert LOADING < seconds < 1.5 * LOADING


def test_what_a_few_hardly_seen_numbers_together_took_decides_nothing() -> None:
    """Eight together are told right where it was mostly one to four, and the only ones of eight took thrice as long."""
    chance = random.Random(1)
    device = Device(Estimator(), room=8, slow=3.0)
    device.make(deque(picture(number, 4) for number in range(8)))
    device.slow = 1.0
    for number in range(1, 5):
        device.make(deque(picture(100 * number + each, 20) for each in range(number)))
    waiting = deque(picture(1000 + number, chance.randint(4, 30)) for number in range(60))
    for _ in range(8):
        device._take(waiting.popleft())
    asked, order = device.now, list(waiting)
    forecast = device.estimator.forecast(order, 8, 1, device.loaded, asked)
    device.make(waiting)
    happened = [device.begun[each.id] - asked for each in order]
    assert right([forecast.seconds(place, asked) for place in range(len(order))], happened) >= 0.9


def test_two_devices_halve_the_wait() -> None:
    """With two devices the same queue waits half as long."""
    estimator = Estimator()
    for number in range(2):
        Device(estimator, number=number).make(deque(picture(10 * number + each, 10) for each in range(3)))
    waiting = [picture(100 + number, 10) for number in range(20)]
    one, two = (estimator.forecast(waiting, devices, devices, {"a"}, 100.0) for devices in (1, 2))
    alone = one.seconds(19, 100.0)
    assert alone
    assert two.seconds(19, 100.0) == pytest.approx(alone / 2, rel=0.1)


def test_nothing_is_told_before_anything_is_known() -> None:
    """Before a first step there is no estimate; from then on there is one, also for a model that was never seen."""
    estimator = Estimator()
    assert estimator.forecast([picture(1, 10)], 1, 1, set(), 0.0).seconds(0, 0.0) is None
    estimator.begin(0, picture(1, 10), loaded=True, now=0.0)
    estimator.take(0, Started(picture_id="1:0", attempt=1), 0.0)
    for step in (1, 2):
        estimator.take(0, Progress(picture_id="1:0", attempt=1, step=step, of=10), float(step))
    forecast = estimator.forecast([picture(2, 10, "b"), picture(3, 10)], 1, 1, {"a"}, 2.0)
    assert forecast.seconds(0, 2.0) == pytest.approx(8.0)
    assert forecast.seconds(1, 5.0) == pytest.approx(15.0)


@pytest.mark.parametrize(
    "end", [Failed(picture_id="1:0", attempt=1, template="x"), Cancelled(picture_id="1:0", attempt=1)]
)
def test_what_ends_otherwise_is_not_waited_for(end: Event) -> None:
    """A picture that failed or was cancelled keeps nobody waiting, nor does what a device that died was making."""
    estimator = Estimator()
    Device(estimator).make(deque([picture(0, 10)]))
    estimator.begin(0, picture(1, 100), loaded=True, now=100.0)
    estimator.begin(1, picture(2, 100), loaded=True, now=100.0)
    estimator.take(0, end, 101.0)
    estimator.lose(1)
    forecast = estimator.forecast([picture(3, 10)], 1, 1, {"a"}, 102.0)
    assert forecast.seconds(0, 102.0) == 0.0


def test_what_was_learnt_of_ever_new_sizes_is_bounded() -> None:
    """Pictures of a thousand sizes leave no more than KINDS times in memory, and the newest is known."""
    device = Device(Estimator())
    device.make(deque(picture(number, 2, side=64 + number) for number in range(2 * KINDS)))
    assert len(device.estimator._starts) == len(device.estimator._ends) == KINDS
    assert device.estimator.cost(picture(0, 2, side=63 + 2 * KINDS).request, 1)
