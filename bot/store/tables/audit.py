"""The audit log: every change of rights, who made it, where and why, and what was refused to whom.

A change and its entry are one transaction.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database as Tables

from bot.store.database import Database

COMMAND_LINE = 0  # stands for an actor who is no member


class Action(StrEnum):
    """What was done; bot/messages/audit_entry.py has the words."""

    SET = "set"
    PLAN = "plan"
    GRANT = "grant"
    RESET = "reset"
    BUDGET = "budget"
    BAN = "ban"
    UNBAN = "unban"
    LOG = "log"
    CANCEL = "cancel"
    MODERATORS = "moderators"
    PAUSE = "pause"
    ANNOUNCE = "announce"
    SETTINGS = "settings"
    FORBID = "forbid"
    ALLOW = "allow"
    LIFT = "lift"
    STRIKE = "strike"
    HELD = "held"
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changes something, for whom and why."""

    actor_id: int
    #: the server in which it counts; None: everywhere, which only the operator can do
    guild_id: int | None
    user_id: int | None = None
    role_id: int | None = None
    reason: str = ""
    at: datetime
    by_operator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the log."""

    id: int
    at: datetime
    actor_id: int
    guild_id: int | None
    action: str
    user_id: int | None
    role_id: int | None
    #: what it was changed to
    detail: str
    reason: str


@dataclass(frozen=True, slots=True)
class Only:
    """Which entries are wanted: those about or by a member, those of a kind; 0 and "" want all."""

    user_id: int = 0
    action: str = ""


ALL_ENTRIES = Only()
_WHICH = (
    "(:guild_id IS NULL OR guild_id = :guild_id) AND (:user_id = 0 OR user_id = :user_id OR actor_id = :user_id)"
    " AND (:action = '' OR action = :action)"
)


def note(tables: Tables, change: Change, action: Action, detail: str = "") -> None:
    """Write an entry; part of the caller's transaction."""
    tables.execute(
        "INSERT INTO audit (created_at, actor_id, guild_id, action, user_id, role_id, detail, reason)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [change.at.timestamp(), change.actor_id, change.guild_id, action, change.user_id, change.role_id, detail,
         change.reason],
    )  # fmt: skip


class Audit:
    """Reads the log. Nothing changes or deletes an entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, change: Change, action: Action, detail: str) -> None:
        """Write an entry for what changes nothing else."""
        await self._database.write(lambda tables: note(tables, change, action, detail))

    async def page(self, guild_id: int | None, before: int | None, limit: int, only: Only = ALL_ENTRIES) -> list[Entry]:
        """Entries of a server (None: of all), newest first, those older than the entry ``before``."""
        return await self._entries(
            f"{_WHICH} AND (:before IS NULL OR id < :before) ORDER BY id DESC LIMIT :limit",
            **asdict(only),
            guild_id=guild_id,
            before=before,
            limit=limit,
        )

    async def newer(self, guild_id: int | None, after: int, limit: int, only: Only = ALL_ENTRIES) -> list[Entry]:
        """The entries that came right after the entry ``after``, newest first."""
        found = await self._entries(
            f"{_WHICH} AND id > :after ORDER BY id LIMIT :limit",
            **asdict(only),
            guild_id=guild_id,
            after=after,
            limit=limit,
        )
        return found[::-1]

    async def unposted(self, limit: int) -> list[Entry]:
        """Entries that were not posted into the log channels yet, oldest first."""
        return await self._entries("told_at IS NULL ORDER BY id LIMIT :limit", limit=limit)

    async def set_posted(self, entry_id: int, now: datetime) -> None:
        """The log channels know this entry."""
        await self._database.write(
            lambda tables: tables.execute("UPDATE audit SET told_at = ? WHERE id = ?", [now.timestamp(), entry_id])
        )

    async def _entries(self, where: str, **values: Any) -> list[Entry]:
        rows = await self._database.read(
            lambda tables: list(tables.query(f"SELECT * FROM audit WHERE {where}", values))  # noqa: S608 - ours, above
        )
        return [
            Entry(
                id=row["id"],
                at=datetime.fromtimestamp(row["created_at"]).astimezone(),
                **{name: row[name] for name in ("actor_id", "guild_id", "action", "user_id", "role_id")},
                detail=row["detail"],
                reason=row["reason"],
            )
            for row in rows
        ]
