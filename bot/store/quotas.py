"""What members used, and what they may use: limits, resets and the audit of who changed them."""

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database as Tables

from ..quota import Usage
from .database import Database

EVERYWHERE = 0  # stands for no guild in the key of a limit that the operator set
COMMAND_LINE = 0  # stands for an actor who is no member


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Who changed a member's quota."""

    actor_id: int
    #: None where the operator changed it, for everywhere
    guild_id: int | None
    user_id: int
    at: datetime

    @property
    def by_operator(self) -> bool:
        """Whether it was the operator and not a server's admin."""
        return self.guild_id is None


class Quotas:
    """All SQL about quotas."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def usage(self, tables: Tables, user_id: int, day: str) -> Usage:
        """What the member used of the day; part of the caller's transaction."""
        row = next(
            tables.query(
                """
                SELECT coalesce(sum(cost) FILTER (WHERE created_at > any_reset), 0) AS since_reset,
                       coalesce(sum(cost) FILTER (WHERE created_at > operator_reset), 0) AS since_operator_reset
                FROM pictures, (
                    SELECT coalesce(max(created_at), 0) AS any_reset,
                           coalesce(max(created_at) FILTER (WHERE by_operator), 0) AS operator_reset
                    FROM resets WHERE user_id = :user_id
                )
                WHERE user_id = :user_id AND day = :day AND state NOT IN ('failed', 'cancelled')
                """,
                {"user_id": user_id, "day": day},
            )
        )
        return Usage(**row)

    def limit(self, tables: Tables, user_id: int, guild_id: int | None) -> int | None:
        """The limit set for the member in this guild, else everywhere, else None; part of the caller's transaction."""
        rows = tables.query(
            "SELECT images_per_day FROM limits WHERE user_id = ? AND guild_id IN (?, ?) ORDER BY guild_id DESC LIMIT 1",
            [user_id, guild_id or EVERYWHERE, EVERYWHERE],
        )
        row = next(iter(rows), None)
        return None if row is None else int(row["images_per_day"])

    def unfinished(self, tables: Tables, user_id: int) -> int:
        """How many of the member's images wait or run; part of the caller's transaction."""
        sql = "SELECT count(*) FROM pictures WHERE user_id = ? AND state IN ('waiting', 'running')"
        return int(tables.execute(sql, [user_id]).fetchone()[0])

    async def set_limit(self, change: Change, images_per_day: int | None) -> None:
        """Set the member's limit in the change's guild (or everywhere); None takes it away."""

        def write(tables: Tables) -> None:
            key = [change.user_id, change.guild_id or EVERYWHERE]
            if images_per_day is None:
                tables.execute("DELETE FROM limits WHERE user_id = ? AND guild_id = ?", key)
            else:
                tables.execute(
                    "INSERT INTO limits VALUES (?, ?, ?)"
                    " ON CONFLICT DO UPDATE SET images_per_day = excluded.images_per_day",
                    [*key, images_per_day],
                )
            _note(tables, change, "set", "plan" if images_per_day is None else str(images_per_day))

        await self._database.write(write)

    async def reset(self, change: Change) -> None:
        """Count the member's images of today anew from now on."""

        def write(tables: Tables) -> None:
            tables.execute(
                "INSERT INTO resets (user_id, by_operator, created_at) VALUES (?, ?, ?)",
                [change.user_id, change.by_operator, change.at.timestamp()],
            )
            _note(tables, change, "reset", "")

        await self._database.write(write)


def _note(tables: Tables, change: Change, action: str, detail: str) -> None:
    tables.execute(
        "INSERT INTO audit (created_at, actor_id, guild_id, action, user_id, detail) VALUES (?, ?, ?, ?, ?, ?)",
        [change.at.timestamp(), change.actor_id, change.guild_id, action, change.user_id, detail],
    )
