"""Plans and limits: what a member may still make today, and what pays for it. Pure: no clock, no database.

What a server's admins hand out never brings a member above the operator's ceiling: else whoever invites the bot into
their own server could make images without end. So everything of a day that the operator did not grant is
counted over all servers, and ends at the ceiling (or at the member's plan, if that is more).

Each image is charged when its request is accepted, and given back if it ends in one of NOT_CHARGED; what was charged is
summed in store/tables/usage.py.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.config import FREE, Config
from bot.config.schema import Plan

#: ends of a picture, as store.State has them, that cost nothing; what the output filter blocks has failed, and what is
#: cancelled too late is made and charged all the same (jobs.manager.JobManager.cancel)
NOT_CHARGED = ("failed", "cancelled")
EVERYWHERE = 0  # stands for no server in what the operator set for a member


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks, and where."""

    user_id: int
    guild_id: int | None
    #: ids of their roles in this server
    roles: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a member used of a day, in images, over all servers."""

    #: paid by the day, since it began or since the last reset that counts in this server
    since_reset: int
    #: paid by the day or by an admin's grant, since the day began or since the operator's last reset
    since_operator_reset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Images that were given once, and end at a time."""

    id: int
    left: int
    expires_at: datetime
    by_operator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePlan:
    """A plan that a command gave to a role of a server."""

    role_id: int
    plan: str
    by_operator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a member may make now."""

    #: name of the plan
    plan: str
    limit: int
    used: int
    #: of the day's images
    left: int
    #: how many more the day and the grants of admins may pay together
    room: int
    grants: tuple[Grant, ...] = ()
    resets_at: datetime
    #: what the server's budget leaves to all its members; None if it has none
    server_left: int | None = None

    @property
    def granted(self) -> int:
        """What the grants can still pay today; those of admins only within the room."""
        by_admins = sum(grant.left for grant in self.grants if not grant.by_operator)
        by_operator = sum(grant.left for grant in self.grants if grant.by_operator)
        return by_operator + min(by_admins, self.room - self.left)

    def payers(self, count: int, cost: int = 1) -> list[int | None]:
        """What pays each of ``count`` images of this cost: a grant's id, or None for the day.

        What ends first pays first, and no image is paid by two. Fewer than ``count`` if there is not enough.
        """
        purses: list[tuple[datetime, bool, int | None, int]] = [(self.resets_at, False, None, self.left)]
        purses += [(grant.expires_at, grant.by_operator, grant.id, grant.left) for grant in self.grants]
        found: list[int | None] = []
        room = self.room
        for _, by_operator, payer, holds in sorted(purses, key=lambda purse: purse[0]):
            able = max(holds if by_operator else min(holds, room), 0)
            paid = min(able // cost if cost else count, count - len(found))
            found += [payer] * paid
            room -= 0 if by_operator else paid * cost
        return found


def allowance(*, limit: int, ceiling: int, usage: Usage, plan: str, resets_at: datetime, grants: tuple[Grant, ...] = (),
              server_left: int | None = None) -> Allowance:  # fmt: skip
    """What is left of ``limit`` images a day.

    A reset by a server's admin gives images back only as far as the day's total stays within ``ceiling``.
    """
    room = max(limit, ceiling) - usage.since_operator_reset
    left = max(min(limit - usage.since_reset, room), 0)
    return Allowance(
        plan=plan,
        limit=limit,
        used=usage.since_reset,
        left=left,
        room=max(room, 0),
        grants=grants,
        resets_at=resets_at,
        server_left=server_left,
    )


def plan_of(
    config: Config, person: Person, of_member: Mapping[int, str], of_roles: Iterable[RolePlan]
) -> tuple[str, Plan]:
    """The member's plan, with its name.

    It is the one given to them in this server, or else everywhere; or else the best that their roles carry here; or
    else the free one.

    ``of_member`` is by server, ``of_roles`` of this server. What its admins gave counts only as long as the operator
    lets them, and a plan that the configuration has no more counts as none.
    """
    server = config.server(person.guild_id)
    by_admins = {FREE, *server.plans} & set(config.plans)
    here = of_member.get(person.guild_id or EVERYWHERE)
    if person.guild_id and here in by_admins:
        return here, config.plans[here]
    if (everywhere := of_member.get(EVERYWHERE)) in config.plans and everywhere is not None:
        return everywhere, config.plans[everywhere]
    carried = {server.roles[str(role)] for role in person.roles if str(role) in server.roles}
    carried |= {
        given.plan
        for given in of_roles
        if given.role_id in person.roles
        and given.plan in (set(config.plans) if given.by_operator else by_admins)
    }  # fmt: skip
    name = max(sorted(carried | {FREE}), key=lambda plan: (config.plans[plan].images_per_day, plan != FREE))
    return name, config.plans[name]


def capped(limit: int, own: int, ceiling: int) -> int:
    """A limit that a server's admin set: at most the ceiling, or what the member has without it."""
    return min(limit, max(own, ceiling))


def day_of(now: datetime, zone: ZoneInfo) -> str:
    """The day, as ``YYYY-MM-DD`` in the zone, that an image accepted at ``now`` (aware) counts for."""
    return now.astimezone(zone).date().isoformat()


def resets_at(now: datetime, zone: ZoneInfo) -> datetime:
    """The next midnight of the zone after ``now`` (aware)."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone)
