"""How many steps a strength runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.strength import fewest_steps, flow_steps_run, smallest_strength, steps_run


@given(st.integers(1, 100))
def test_the_strength_that_is_named_is_the_smallest_that_works(steps: int) -> None:
    """int(steps × strength) is at least one at the named strength and none a hundredth below."""
    least = smallest_strength(steps)
    assert int(steps * least) >= 1
    assert int(steps * round(least - 0.01, 2)) == 0


@given(st.floats(0.01, 1))
def test_the_fewest_steps_of_a_strength_run_one(strength: float) -> None:
    """With as many steps a strength does something."""
    assert int(fewest_steps(strength) * strength) >= 1


@pytest.mark.parametrize(("strength", "most", "flow"), [(None, 20, 20), (1.0, 20, 20), (0.5, 10, 10), (0.28, 5, 6)])
def test_a_strength_runs_its_share_of_the_steps(strength: float | None, most: int, flow: int) -> None:
    """Without a strength and at 1 all steps are run; flow models round up what others round down."""
    assert (steps_run(20, strength), flow_steps_run(20, strength)) == (most, flow)
