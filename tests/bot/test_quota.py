"""What a member may still make today."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.config import Config
from bot.config.schema import Plan, Server
from bot.quota import (
    EVERYWHERE,
    Allowance,
    Grant,
    Person,
    RolePlan,
    Usage,
    allowance,
    capped,
    day_of,
    plan_of,
    resets_at,
)

SAO_PAULO = ZoneInfo("America/Sao_Paulo")
MIDNIGHT = datetime(2026, 11, 25, tzinfo=UTC)


def allowed(
    limit: int = 20,
    ceiling: int = 20,
    since_reset: int = 0,
    since_operator_reset: int = 0,
    grants: tuple[Grant, ...] = (),
) -> Allowance:
    usage = Usage(since_reset=since_reset, since_operator_reset=since_operator_reset)
    return allowance(limit=limit, ceiling=ceiling, usage=usage, plan="free", resets_at=MIDNIGHT, grants=grants)


def left(limit: int, ceiling: int, since_reset: int, since_operator_reset: int) -> int:
    return allowed(limit, ceiling, since_reset, since_operator_reset).left


def grant(number: int, images: int, hours: int, *, by_operator: bool = True) -> Grant:
    return Grant(id=number, left=images, expires_at=MIDNIGHT + timedelta(hours=hours), by_operator=by_operator)


def test_what_is_left_is_the_limit_less_what_was_used() -> None:
    """Seven of twenty used leave thirteen."""
    found = allowed(since_reset=7, since_operator_reset=7)
    assert (found.limit, found.used, found.left, found.granted) == (20, 7, 13, 0)


def test_nothing_left_is_never_negative() -> None:
    """A limit lowered below what was used leaves nothing, not less."""
    assert left(5, 20, 7, 7) == 0


def test_what_ends_first_pays_first() -> None:
    """A grant that ends before midnight pays before the day, a later one after it."""
    found = allowed(limit=2, grants=(grant(1, 1, -3), grant(2, 5, 48)))
    assert found.payers(4) == [1, None, None, 2]
    assert found.granted == 6


def test_what_cannot_be_paid_is_not_promised() -> None:
    """Fewer payers than images where day and grants do not suffice."""
    assert allowed(limit=2, grants=(grant(1, 1, 48),)).payers(4) == [None, None, 1]


def test_an_image_is_paid_by_one_purse() -> None:
    """Of a cost of two, a day with three left and a grant of three pay one each."""
    assert allowed(limit=3, grants=(grant(1, 3, 48),)).payers(4, cost=2) == [None, 1]


@pytest.mark.parametrize(("ceiling", "since", "expected"), [(20, 0, 20), (25, 0, 25), (25, 24, 1), (100, 0, 50)])
def test_an_admins_grants_end_at_the_ceiling(ceiling: int, since: int, expected: int) -> None:
    """The day's images and the grants of admins pay together no more than the ceiling."""
    found = allowed(ceiling=ceiling, since_operator_reset=since, grants=(grant(1, 30, 48, by_operator=False),))
    assert len(found.payers(100)) == expected
    assert found.left + found.granted == expected


def test_the_operators_grants_pay_beyond_the_ceiling() -> None:
    """What the operator grants is not counted against the ceiling, also after an admin's grant has filled it."""
    grants = (grant(1, 30, 48, by_operator=False), grant(2, 7, 50))
    assert len(allowed(ceiling=25, grants=grants).payers(100)) == 25 + 7


GOLD = Config(
    plans={"free": Plan(), "gold": Plan(images_per_day=200), "slow": Plan(images_per_day=5)},
    servers={"77777": Server(plans=("gold",), roles={"88888": "gold"})},
)


@pytest.mark.parametrize(
    ("guild", "roles", "of_member", "of_roles", "expected"),
    [
        (None, set(), {}, [], "free"),
        (77777, {88888}, {}, [], "gold"),  # a role that the configuration names
        (66666, {88888}, {}, [], "free"),  # carries its plan in its own server alone
        (66666, {5}, {}, [(5, "gold", True)], "gold"),  # a role that the operator gave a plan
        (66666, {5}, {}, [(5, "gold", False)], "free"),  # or an admin, who may not
        (77777, {5}, {}, [(5, "gold", False)], "gold"),  # and one who may
        (77777, {6}, {}, [(5, "gold", True)], "free"),
        (66666, set(), {EVERYWHERE: "gold"}, [], "gold"),
        (77777, set(), {EVERYWHERE: "gold", 77777: "free"}, [], "free"),
        (66666, set(), {66666: "gold"}, [], "free"),  # an admin gave what they may not
        (77777, set(), {77777: "gold"}, [], "gold"),
        (77777, {88888}, {EVERYWHERE: "slow"}, [], "slow"),  # a member's own goes before their roles'
        (77777, {5}, {}, [(5, "slow", True)], "free"),  # a role never takes away
        (None, set(), {EVERYWHERE: "platinum"}, [], "free"),  # a plan that is gone
    ],
)
def test_the_plan_is_the_members_own_or_the_best_of_their_roles(
    guild: int | None, roles: set[int], of_member: dict[int, str], of_roles: list[tuple[int, str, bool]], expected: str
) -> None:
    """A member's plan here, then everywhere, then their roles'; what admins gave counts if the operator allows it."""
    person = Person(user_id=1, guild_id=guild, roles=frozenset(roles))
    given = [RolePlan(role_id=role, plan=plan, by_operator=by_operator) for role, plan, by_operator in of_roles]
    assert plan_of(GOLD, person, of_member, given)[0] == expected


@pytest.mark.parametrize(
    ("limit", "own", "ceiling", "expected"), [(500, 20, 30, 30), (5, 20, 30, 5), (150, 200, 30, 150)]
)
def test_an_admins_limit_is_capped(limit: int, own: int, ceiling: int, expected: int) -> None:
    """An admin may lower anybody, and raise up to the ceiling."""
    assert capped(limit, own, ceiling) == expected


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
