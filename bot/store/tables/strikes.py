"""Words that servers forbid, and the strikes of those who wrote what is forbidden."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlite_utils import Database as Tables

from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note


class Rule(StrEnum):
    """Whose rule was broken."""

    MINORS = "minors"
    OPERATOR = "operator"
    SERVER = "server"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """One prompt that was refused by a rule."""

    #: of the interaction or message; a second delivery of it is no second strike
    interaction_id: int
    user_id: int
    #: where it was written
    guild_id: int | None
    rule: Rule
    #: what of the prompt is forbidden; empty for the built-in rule
    word: str
    prompt: str
    at: datetime
    lifted: bool = False


class ForbiddenWords:
    """The words that a server's admins forbid there."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, change: Change, word: str) -> None:
        """Forbid a word, or a phrase, in the change's server."""
        await self._change(change, Action.FORBID, "INSERT OR IGNORE INTO forbidden VALUES (?, ?)", word)

    async def remove(self, change: Change, word: str) -> bool:
        """Allow it again; False if it was not forbidden."""
        return await self._change(change, Action.ALLOW, "DELETE FROM forbidden WHERE guild_id = ? AND word = ?", word)

    async def _change(self, change: Change, action: Action, sql: str, word: str) -> bool:
        def write(tables: Tables) -> bool:
            changed = bool(tables.execute(sql, [change.guild_id, word]).rowcount)
            if changed:
                note(tables, change, action, word)
            return changed

        return await self._database.write(write)

    async def of(self, guild_id: int | None) -> tuple[str, ...]:
        """A server's words, in alphabetical order."""
        sql = "SELECT word FROM forbidden WHERE guild_id = ? ORDER BY word"
        rows = await self._database.read(lambda tables: list(tables.query(sql, [guild_id])))
        return tuple(row["word"] for row in rows)


class Strikes:
    """All SQL about strikes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, strike: Strike) -> None:
        """Note a strike, unless its interaction was noted before."""
        sql = (
            "INSERT OR IGNORE INTO strikes (interaction_id, user_id, guild_id, rule, word, prompt, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)"
        )
        values = [strike.interaction_id, strike.user_id, strike.guild_id, strike.rule, strike.word, strike.prompt,
                  strike.at.timestamp()]  # fmt: skip
        by = Change(actor_id=strike.user_id, guild_id=strike.guild_id, at=strike.at, by_operator=False)

        def write(tables: Tables) -> None:
            if tables.execute(sql, values).rowcount:
                note(tables, by, Action.STRIKE, strike.word)

        await self._database.write(write)

    async def counting(self, user_id: int, guild_id: int | None, since: datetime) -> list[datetime]:
        """When the member got the strikes that count here, oldest first; by a server's rules they count only there."""
        sql = (
            "SELECT created_at FROM strikes WHERE user_id = ? AND created_at > ? AND lifted_at IS NULL"
            " AND (rule <> 'server' OR guild_id = ?) ORDER BY created_at"
        )
        values = [user_id, since.timestamp(), guild_id]
        rows = await self._database.read(lambda tables: list(tables.query(sql, values)))
        return [_time(row["created_at"]) for row in rows]

    async def latest(self, limit: int, *, user_id: int | None = None, guild_id: int | None = None) -> list[Strike]:
        """Strikes, newest first: of a member or of all, written in a server or anywhere."""
        sql = (
            "SELECT * FROM strikes WHERE (:user_id IS NULL OR user_id = :user_id)"
            " AND (:guild_id IS NULL OR guild_id = :guild_id) ORDER BY created_at DESC LIMIT :limit"
        )
        values = {"user_id": user_id, "guild_id": guild_id, "limit": limit}
        return [_strike(row) for row in await self._database.read(lambda tables: list(tables.query(sql, values)))]

    async def lift(self, change: Change) -> int:
        """Forgive a member's strikes: all, or by an admin those of the server's rules. Returns how many."""
        sql = "UPDATE strikes SET lifted_at = :now WHERE user_id = :user_id AND lifted_at IS NULL"
        if not change.by_operator:
            sql += " AND rule = 'server' AND guild_id = :guild_id"
        values = {"user_id": change.user_id, "guild_id": change.guild_id, "now": change.at.timestamp()}

        def write(tables: Tables) -> int:
            if count := int(tables.execute(sql, values).rowcount):
                note(tables, change, Action.LIFT)
            return count

        return await self._database.write(write)


def _strike(row: dict[str, Any]) -> Strike:
    return Strike(
        **{name: row[name] for name in ("interaction_id", "user_id", "guild_id", "word", "prompt")},
        rule=Rule(row["rule"]),
        at=_time(row["created_at"]),
        lifted=row["lifted_at"] is not None,
    )


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
