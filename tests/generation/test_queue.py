"""The fair queue's promises, on random arrivals."""

from collections import Counter
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generation import Picture, Request, Task
from generation.queue import LOOK_AHEAD, PATIENCE, FairQueue

REQUEST = Request(task=Task.TXT2IMG, model="a")


def picture(user: int, number: int, model: str = "a", priority: int = 1) -> Picture:
    request = Request(task=Task.TXT2IMG, model=model)
    return Picture(id=f"{user}-{number}:0", user_id=user, priority=priority, request=request)


def drain(queue: FairQueue, resident: tuple[str, ...] = ()) -> list[Picture]:
    handed = []
    while (one := queue.next(0.0, resident)) is not None:
        handed.append(one)
    return handed


#: (member, model, priority): who asks for what, in the order of arrival
arrivals = st.lists(st.tuples(st.integers(1, 6), st.sampled_from("abc"), st.just(1)), max_size=60)


@given(arrivals, st.sets(st.sampled_from("abc")), st.sets(st.integers(0, 59)))
@settings(deadline=None)
def test_every_picture_is_handed_out_once_and_cancelled_ones_never(
    asked: list[tuple[int, str, int]], resident: set[str], cancelled: set[int]
) -> None:
    """What goes in comes out once, in each member's own order, but for what was cancelled."""
    queue = FairQueue()
    pictures = [picture(user, number, model) for number, (user, model, _) in enumerate(asked)]
    for one in pictures:
        queue.push(one, 0.0)
    gone = {pictures[place].id for place in cancelled if place < len(pictures)}
    for picture_id in gone:
        assert queue.cancel(picture_id)
        assert queue.cancel(picture_id) is None
    handed = drain(queue, tuple(resident))
    assert len(queue) == 0
    for user in range(1, 7):
        expected = [one.id for one in pictures if one.user_id == user and one.id not in gone]
        assert [one.id for one in handed if one.user_id == user] == expected


@given(arrivals)
@settings(deadline=None)
def test_nobody_gets_more_than_his_share_while_others_wait(asked: list[tuple[int, str, int]]) -> None:
    """Among members who wait at the same time, none is ever served two pictures more than another."""
    queue = FairQueue()
    left: Counter[int] = Counter()
    for number, (user, _, _) in enumerate(asked):
        queue.push(picture(user, number), 0.0)
        left[user] += 1
    served: Counter[int] = Counter()
    for one in drain(queue):
        served[one.user_id] += 1
        left[one.user_id] -= 1
        waiting = [user for user, count in left.items() if count]
        assert all(served[one.user_id] - served[user] <= 1 for user in waiting)


@given(arrivals, st.sets(st.sampled_from("abc"), max_size=2))
@settings(deadline=None)
def test_ahead_counts_what_is_handed_out_before(asked: list[tuple[int, str, int]], _: set[str]) -> None:
    """With nobody coming later, ahead() is within a round of the number that is handed out before."""
    queue = FairQueue()
    for number, (user, model, _) in enumerate(asked):
        queue.push(picture(user, number, model), 0.0)
    told = {f"{user}-{number}:0": queue.ahead(f"{user}-{number}:0") for number, (user, _, _) in enumerate(asked)}
    users = len({user for user, _, _ in asked})
    for place, one in enumerate(drain(queue)):
        assert abs((told[one.id] or 0) - place) <= users
    assert queue.ahead("nobody") is None


@pytest.mark.parametrize("seconds", [0.01, 2.0, 20.0, 600.0])
def test_a_newcomer_is_served_next_though_another_member_waits_with_many(seconds: float) -> None:
    """However long a picture takes, whoever comes while one member's hundred wait is served after at most one."""
    queue = FairQueue()
    for number in range(100):
        queue.push(picture(1, number), 0.0)
    for number in range(30):
        queue.next(number * seconds)
    queue.push(picture(2, 0), 30 * seconds)
    assert 2 in [one.user_id for one in (queue.next(30 * seconds), queue.next(31 * seconds)) if one]


@given(arrivals, st.lists(st.floats(0.0, 900.0), min_size=60, max_size=60))
@settings(deadline=None)
def test_shares_are_kept_however_long_pictures_take(asked: list[tuple[int, str, int]], seconds: list[float]) -> None:
    """With pictures of any length, among members who wait none is ever served two pictures more than another."""
    queue = FairQueue()
    left: Counter[int] = Counter()
    for number, (user, _, _) in enumerate(asked):
        queue.push(picture(user, number), 0.0)
        left[user] += 1
    served: Counter[int] = Counter()
    now = 0.0
    for duration in seconds[: len(asked)]:
        one = queue.next(now)
        assert one
        now += duration
        served[one.user_id] += 1
        left[one.user_id] -= 1
        waiting = [user for user, count in left.items() if count]
        assert all(served[one.user_id] - served[user] <= 1 for user in waiting)


def test_priority_is_the_share() -> None:
    """A member with priority 3 is served three times as often as one with priority 1."""
    queue = FairQueue()
    for number in range(40):
        queue.push(picture(1, number, priority=3), 0.0)
        queue.push(picture(2, number), 0.0)
    served = Counter(one.user_id for one in drain(queue)[:40])
    assert served[1] == pytest.approx(30, abs=1)


def test_a_loaded_model_is_preferred_only_within_bounds() -> None:
    """Members who want the loaded model go first, but who wants another is passed over a bounded number of times."""
    queue = FairQueue()
    queue.push(picture(0, 0, "other"), 0.0)
    for number in range(3 * PATIENCE):
        for user in range(1, LOOK_AHEAD):
            queue.push(picture(user, number), 0.0)
    order = drain(queue, ("a",))
    assert order[0].request.model == "a"
    assert next(place for place, one in enumerate(order) if one.request.model == "other") <= PATIENCE


def test_an_endless_stream_of_newcomers_keeps_nobody_waiting_for_ever() -> None:
    """A member's second picture is handed out though a new member comes every second, and one is served a second."""
    queue = FairQueue()
    queue.push(picture(0, 0), 0.0)
    queue.push(picture(0, 1), 0.0)
    for second in range(1, 400):
        queue.push(picture(second, 0), float(second))
        queue.push(picture(1000 + second, 0), float(second))
        if (one := queue.next(float(second))) and one.id == "0-1:0":
            return
    pytest.fail("it was never handed out")


def test_a_picture_that_waits_is_not_taken_twice() -> None:
    """Pushing a picture that waits already is an error."""
    queue = FairQueue()
    queue.push(picture(1, 1), 0.0)
    with pytest.raises(ValueError, match="already"):
        queue.push(picture(1, 1), 0.0)


def test_choosing_among_forty_thousand_takes_less_than_a_millisecond() -> None:
    """With 40,000 waiting pictures of 8,000 members and no loaded model among them, the median choice is quick."""
    queue = FairQueue()
    for number in range(40_000):
        queue.push(picture(number % 8000, number), float(number))
    taken = []
    for _ in range(500):
        began = perf_counter()
        assert queue.next(40_000.0, ("absent",))
        taken.append(perf_counter() - began)
    assert sorted(taken)[250] < 0.001
