"""Plans and limits: what a member may still make today. Pure: no clock, no database."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a member used of a day, in images."""

    #: since the day began or the last reset, whoever made it
    since_reset: int
    #: since the day began or the operator's last reset
    since_operator_reset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a member may make today."""

    limit: int
    used: int
    left: int


def allowance(*, limit: int, ceiling: int, usage: Usage) -> Allowance:
    """What is left of ``limit`` images a day.

    A reset by a server's admin gives images back only as far as the day's total stays within ``ceiling``: else whoever
    invites the bot into a server of his own could reset himself without end.
    """
    left = min(limit - usage.since_reset, max(limit, ceiling) - usage.since_operator_reset)
    return Allowance(limit=limit, used=usage.since_reset, left=max(left, 0))


def day_of(now: datetime, zone: ZoneInfo) -> str:
    """The day, as ``YYYY-MM-DD`` in the zone, that an image accepted at ``now`` (aware) counts for."""
    return now.astimezone(zone).date().isoformat()


def resets_at(now: datetime, zone: ZoneInfo) -> datetime:
    """The next midnight of the zone after ``now`` (aware)."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), tzinfo=zone)
