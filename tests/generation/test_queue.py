"""The fair queue's promises, on random arrivals."""

from collections import Counter
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation import Picture, Request, Task
from generation.queue import AGEING, LEAD, LOOK_AHEAD, PATIENCE, FairQueue


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


@given(arrivals, st.lists(st.sets(st.sampled_from("abc")), min_size=60, max_size=60))
def test_nobody_gets_more_than_their_share_while_others_wait(
    asked: list[tuple[int, str, int]], resident: list[set[str]]
) -> None:
    """Among members who wait, none is ever two pictures ahead of another, and for a loaded model LEAD more."""
    for most, loaded in ((1, [set()] * 60), (1 + LEAD, resident)):
        queue = FairQueue()
        left: Counter[int] = Counter()
        for number, (user, model, _) in enumerate(asked):
            queue.push(picture(user, number, model), 0.0)
            left[user] += 1
        served: Counter[int] = Counter()
        for models in loaded[: len(asked)]:
            one = queue.next(0.0, models)
            assert one
            served[one.user_id] += 1
            left[one.user_id] -= 1
            assert all(served[one.user_id] - served[user] <= most for user, count in left.items() if count)


#: what happens next: somebody asks, somebody cancels their last request, or a worker takes a picture; and how many
#: seconds later
happenings = st.lists(
    st.tuples(
        st.one_of(
            st.tuples(st.just("push"), st.integers(1, 6), st.sampled_from("abc")),
            st.tuples(st.just("cancel"), st.integers(1, 6)),
            st.tuples(st.just("next"), st.sets(st.sampled_from("abc"))),
        ),
        st.floats(0.0, 2 * AGEING),
    ),
    max_size=200,
)


@given(happenings)
def test_whatever_happens_everything_comes_out_once_in_order_and_nobody_starves(
    happened: list[tuple[tuple[Any, ...], float]],
) -> None:
    """Asking, cancelling and serving mixed at any times: each picture ends once, in its member's order.

    While a member waits for a turn, no more are handed out to others than the bounds of lead and patience allow.
    """
    queue, now = FairQueue(), 0.0
    waiting: dict[int, list[str]] = {user: [] for user in range(1, 7)}
    others_since: Counter[int] = Counter()
    for number, ((what, *how), seconds) in enumerate(happened):
        now += seconds
        if what == "push":
            user, model = how
            if not waiting[user]:
                others_since[user] = 0
            waiting[user].append(f"{user}-{number}:0")
            queue.push(picture(user, number, model), now)
        elif what == "cancel" and waiting[how[0]]:
            taken_back = queue.cancel(waiting[how[0]].pop())
            assert taken_back
        elif what == "next":
            one = queue.next(now, how[0])
            assert (one is None) == (not any(waiting.values()))
            if one:
                assert waiting[one.user_id].pop(0) == one.id
                others_since.update(user for user, left in waiting.items() if left and user != one.user_id)
                others_since[one.user_id] = 0
                assert max(others_since.values()) <= len(waiting) * (1 + LEAD + PATIENCE)
        assert len(queue) == sum(map(len, waiting.values()))


@given(st.lists(st.tuples(st.integers(1, 6), st.sampled_from("abc"), st.integers(1, 3)), max_size=60))
def test_ahead_counts_what_is_handed_out_before(asked: list[tuple[int, str, int]]) -> None:
    """With nobody coming later, order() is the order of service, and ahead() within a round of the place in it."""
    queue = FairQueue()
    for number, (user, model, _) in enumerate(asked):
        queue.push(picture(user, number, model, priority=1 + user % 3), 0.0)
    expected = [one.id for one in queue.order(len(queue), 0.0)]
    told = {f"{user}-{number}:0": queue.ahead(f"{user}-{number}:0", 0.0) for number, (user, _, _) in enumerate(asked)}
    users = len({user for user, _, _ in asked})
    handed = [one.id for one in drain(queue)]
    assert handed == expected
    for place, one in enumerate(handed):
        assert abs((told[one] or 0) - place) <= users
    assert queue.ahead("nobody", 0.0) is None


def test_the_order_is_told_while_some_have_been_served() -> None:
    """Whoever was just served comes after those who wait for their first turn, as it then happens."""
    queue = FairQueue()
    for number in range(40):
        queue.push(picture(number % 8, number), number * 1e-4)
    for number in range(13):
        queue.next(1 + number * 1e-4)
    expected = [one.id for one in queue.order(len(queue), 2.0)]
    told = [queue.ahead(each, 2.0) for each in expected]
    assert expected == [f"{number % 8}-{number}:0" for number in range(13, 40)]
    assert told == list(range(27))
    assert [one.id for number in range(27) if (one := queue.next(2 + number * 0.7))] == expected


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
    for number in range(3 * LOOK_AHEAD):
        for user in range(1, LOOK_AHEAD):
            queue.push(picture(user, number), 0.0)
    order = drain(queue, ("a",))
    assert order[0].request.model == "a"
    assert next(place for place, one in enumerate(order) if one.request.model == "other") <= PATIENCE * LOOK_AHEAD


def test_whose_model_stays_loaded_is_never_far_ahead() -> None:
    """A member whose model is loaded all the time gets at most LEAD + 1 pictures more than another."""
    queue = FairQueue()
    for number in range(40):
        queue.push(picture(1, number, "a"), 0.0)
        queue.push(picture(2, number, "other"), 0.0)
    served: Counter[int] = Counter()
    for _ in range(60):
        one = queue.next(0.0, ("a",))
        assert one
        served[one.user_id] += 1
        assert served[1] - served[2] <= LEAD + 1


def test_members_who_went_away_are_forgotten() -> None:
    """Of ten thousand members who came once while one waits with many, few are remembered."""
    queue = FairQueue()
    for number in range(100):
        queue.push(picture(0, number), 0.0)
    for second in range(1, 10_000):
        queue.push(picture(second, 0), float(second))
        while (one := queue.next(float(second))) and one.user_id == 0 and len(queue) > 1:
            pass
    assert len(queue._members) <= AGEING + 2


def test_whoever_goes_away_and_comes_back_at_once_has_had_their_turn() -> None:
    """A member who cancels and asks again does not go before one who has waited."""
    queue = FairQueue()
    for user in (1, 2):
        for number in range(2):
            queue.push(picture(user, number), 0.0)
    served = queue.next(0.0)
    assert served
    again = served.user_id
    assert queue.cancel(f"{again}-1:0")
    queue.push(picture(again, 2), 1.0)
    after = queue.next(1.0)
    assert after
    assert after.user_id != again


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
