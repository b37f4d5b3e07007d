"""What the benchmarks promise, in small; and that they measure what they say."""

from pathlib import Path
from statistics import fmean

import pytest

from benchmarks import fairness, queue, soak, watch


def test_a_preferred_model_saves_four_of_five_switches_and_nobody_waits_twice_as_long() -> None:
    """With ten models and one slot, models are switched five times less than in the order of arrival."""
    pairs = []
    for seed in range(3):
        arrivals = queue._arrivals(seed, queue.SINGLE)
        pairs.append((queue._simulate(arrivals, *queue._fair()), queue._simulate(arrivals, *queue._strict())))
    assert fmean(strict.switches / fair.switches for fair, strict in pairs) >= 5
    for fair, strict in pairs:
        assert all(fmean(waits) <= 2 * fmean(strict.waits[member]) for member, waits in fair.waits.items())


async def test_a_light_member_waits_five_times_less_while_a_heavy_one_floods() -> None:
    """The light member's p95 is at least five times better than in the order of arrival."""
    figures = await fairness.run(quick=True)
    assert figures["light_p95_gain"] >= 5


@pytest.mark.parametrize(("grows", "share"), [(0.0, 0.0), (0.1, 10 / 110)])
def test_growth_is_measured_after_the_warm_up(grows: float, share: float) -> None:
    """A value that jumps in the first third and is flat afterwards grows by nothing; a rising one by its share."""
    observer = watch.Watch(0, Path(), dict)
    for at in range(301):
        bot = 50.0 if at < 100 else 110.0 + grows * (at - 100) / 2
        observer.samples.append(watch.Sample(float(at), bot, 0.0, 10, 10, 5, 0.0, 0.0, {}, {}))
    assert observer.growth(lambda sample: sample.bot) == pytest.approx(share, abs=1e-3)


def test_a_day_has_a_quiet_night_and_a_busy_noon() -> None:
    """Few members are there when the simulated day begins and ends, and all at its middle."""
    assert soak.present(50, 0.0) == soak.present(50, 1.0) == soak.FEWEST
    assert soak.present(50, 0.5) == 50
