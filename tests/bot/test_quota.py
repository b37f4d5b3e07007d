"""What a member may still make today."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.quota import Allowance, Usage, allowance, day_of, resets_at

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


def left(limit: int, ceiling: int, since_reset: int, since_operator_reset: int) -> int:
    usage = Usage(since_reset=since_reset, since_operator_reset=since_operator_reset)
    return allowance(limit=limit, ceiling=ceiling, usage=usage).left


def test_what_is_left_is_the_limit_less_what_was_used() -> None:
    """Seven of twenty used leave thirteen."""
    usage = Usage(since_reset=7, since_operator_reset=7)
    assert allowance(limit=20, ceiling=20, usage=usage) == Allowance(limit=20, used=7, left=13)


def test_nothing_left_is_never_negative() -> None:
    """A limit lowered below what was used leaves nothing, not less."""
    assert left(5, 20, 7, 7) == 0


@pytest.mark.parametrize(("ceiling", "expected"), [(20, 0), (30, 10), (100, 20)])
def test_an_admins_reset_gives_back_only_up_to_the_ceiling(ceiling: int, expected: int) -> None:
    """After twenty images and an admin's reset, the day's total still ends at the operator's ceiling."""
    assert left(20, ceiling, 0, 20) == expected


def test_the_operators_reset_gives_back_everything() -> None:
    """After the operator's reset the whole limit is there again."""
    assert left(20, 20, 0, 0) == 20


def test_the_day_is_that_of_the_configured_time_zone() -> None:
    """At one in the morning in UTC it is still yesterday in São Paulo."""
    assert day_of(datetime(2026, 11, 24, 1, tzinfo=UTC), SAO_PAULO) == "2026-11-23"


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("UTC", "2026-11-24T23:59:59+00:00", "2026-11-25T00:00:00+00:00"),
        ("America/Sao_Paulo", "2026-11-24T03:00:00+00:00", "2026-11-25T03:00:00+00:00"),
        # Clocks go back on 2026-10-25: that day has 25 hours.
        ("Europe/Berlin", "2026-10-24T22:30:00+00:00", "2026-10-25T23:00:00+00:00"),
    ],
)
def test_the_day_ends_at_the_next_midnight_of_the_zone(zone: str, now: str, expected: str) -> None:
    """The reset is the next local midnight, also on the days when clocks change."""
    assert resets_at(datetime.fromisoformat(now), ZoneInfo(zone)) == datetime.fromisoformat(expected)
