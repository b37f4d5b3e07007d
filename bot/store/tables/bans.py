"""Members who may not use the bot: in one server, or everywhere; for ever, or until a time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlite_utils import Database as Tables

from bot.errors import Refusal
from bot.quota import EVERYWHERE
from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note
from bot.text.sanitize import escape_for_discord

MAX_REASON = 300  # characters
BANNED = "You can no longer use this bot; ask the server's admins or the bot's operator why."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban:
    """Who may not use the bot, where, since when, until when and why."""

    user_id: int
    #: EVERYWHERE, or the server in which it counts
    guild_id: int
    actor_id: int
    reason: str
    at: datetime
    #: None: until it is lifted
    ends_at: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.ends_at is None or self.ends_at > now


def banned(ban: Ban) -> Refusal:
    """What a banned member is answered, whatever they try."""
    reason, until = escape_for_discord(ban.reason, MAX_REASON), int((ban.ends_at or ban.at).timestamp())
    if ban.reason and ban.ends_at:
        return Refusal("You cannot use this bot until <t:{until}:f>: {reason}", reason=reason, until=until)
    if ban.reason:
        return Refusal("You can no longer use this bot: {reason}", reason=reason)
    if ban.ends_at:
        return Refusal("You cannot use this bot until <t:{until}:f>.", until=until)
    return Refusal(BANNED)


class Bans:
    """The table of bans, and a copy of it in memory, so that asking costs no look at the disk.

    The copy follows what this process changes; ``refresh`` brings in what the command line changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        #: by user id and server id or EVERYWHERE
        self._known: dict[tuple[int, int], Ban] = {}

    def stored(self, tables: Tables, user_id: int, guild_id: int | None, now: datetime) -> Ban | None:
        """The member's ban here or everywhere; part of the caller's transaction."""
        sql = "SELECT * FROM bans WHERE user_id = ? AND guild_id IN (?, ?) ORDER BY guild_id"
        found = (_ban(row) for row in tables.query(sql, [user_id, guild_id or EVERYWHERE, EVERYWHERE]))
        return next((ban for ban in found if ban.holds(now)), None)

    def of(self, user_id: int, guild_id: int | None) -> Ban | None:
        """The member's ban here or everywhere, as far as known."""
        found = (self._known.get((user_id, where)) for where in (EVERYWHERE, guild_id or EVERYWHERE))
        return next((ban for ban in found if ban and ban.holds(datetime.now(UTC))), None)

    def all(self, guild_id: int | None) -> list[Ban]:
        """The bans that hold in a server (None: all of them, of all servers), the newest first."""
        now = datetime.now(UTC)
        found = [ban for ban in self._known.values() if ban.holds(now) and guild_id in (None, ban.guild_id)]
        return sorted(found, key=lambda ban: ban.at, reverse=True)

    async def refresh(self) -> frozenset[tuple[int, int]]:
        """Read the table; returns the bans that were not known before, as pairs of user and server id."""
        rows = await self._database.read(lambda tables: list(tables.query("SELECT * FROM bans")))
        now = {(ban.user_id, ban.guild_id): ban for ban in map(_ban, rows)}
        new = frozenset(where for where, ban in now.items() if self._known.get(where) != ban)
        self._known = now
        return new

    async def ban(self, change: Change, ends_at: datetime | None = None) -> list[str]:
        """Ban the change's member in its server, or everywhere, and cancel what they have waiting there.

        A ban that is there already is replaced. Returns the ids of the pictures that were cancelled.
        """
        where = change.guild_id or EVERYWHERE

        def write(tables: Tables) -> list[str]:
            tables.execute(
                "INSERT OR REPLACE INTO bans (user_id, guild_id, actor_id, reason, created_at, ends_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [change.user_id, where, change.actor_id, change.reason, change.at.timestamp(),
                 ends_at and ends_at.timestamp()],
            )  # fmt: skip
            note(tables, change, Action.BAN, f"{ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if ends_at else "")
            return [row["id"] for row in tables.query(_CANCEL, {"user_id": change.user_id, "guild_id": where})]

        cancelled = await self._database.write(write)
        await self.refresh()
        return cancelled

    async def unban(self, change: Change) -> bool:
        """Lift the ban in the change's server, or the one everywhere; False if there was none."""

        def write(tables: Tables) -> bool:
            sql = "DELETE FROM bans WHERE user_id = ? AND guild_id = ? AND (ends_at IS NULL OR ends_at > ?)"
            values = [change.user_id, change.guild_id or EVERYWHERE, change.at.timestamp()]
            lifted = tables.execute(sql, values).rowcount == 1
            if lifted:
                note(tables, change, Action.UNBAN)
            return lifted

        lifted = await self._database.write(write)
        await self.refresh()
        return lifted


def _ban(row: dict[str, Any]) -> Ban:
    values = {name: row[name] for name in ("user_id", "guild_id", "actor_id", "reason")}
    return Ban(**values, at=_time(row["created_at"]), ends_at=_time(row["ends_at"]) if row["ends_at"] else None)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()


_CANCEL = f"""
    UPDATE pictures SET state = 'cancelled' WHERE state IN ('waiting', 'running') AND job_id IN
    (SELECT id FROM jobs WHERE user_id = :user_id AND (:guild_id = {EVERYWHERE} OR guild_id = :guild_id))
    RETURNING id
"""  # noqa: S608 - a number of ours
