"""What was used: sums over the pictures that are charged, and over what members who deleted their data had used."""
# ruff: noqa: S608 - what the statements are put together of stands in this module and in quota.py

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database as Tables

from bot.quota import NOT_CHARGED, Grant, Usage
from bot.store.database import Database

_CHARGED = f"state NOT IN {NOT_CHARGED}"
#: what was charged, and what of it was left when members deleted their data
COUNTED = (
    f"(SELECT user_id, guild_id, day, cost, grant_id, created_at FROM pictures WHERE {_CHARGED}"
    " UNION ALL SELECT user_id, guild_id, day, cost, grant_id, created_at FROM spent) AS counted"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What one member made with one model on the days of a report."""

    user_id: int
    model: str
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayUsed:
    """What one member made with one model on one day in one server."""

    day: str
    guild_id: int | None
    user_id: int
    model: str
    images: int
    #: that workers took for them
    seconds: float


class Usages:
    """All sums about usage. Unless they are awaited they are part of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of_day(self, tables: Tables, user_id: int, guild_id: int | None, day: str) -> Usage:
        """What the member used of the day, as it counts in this server."""
        row = next(
            tables.query(
                f"""
                SELECT coalesce(sum(cost) FILTER (WHERE grant_id IS NULL AND counted.created_at > any_reset), 0)
                           AS since_reset,
                       coalesce(sum(cost) FILTER (
                           WHERE coalesce(grants.by_operator, 0) = 0 AND counted.created_at > operator_reset), 0)
                           AS since_operator_reset
                FROM {COUNTED} LEFT JOIN grants ON grants.id = grant_id, (
                    SELECT coalesce(max(created_at) FILTER (WHERE by_operator OR guild_id = :guild_id), 0) AS any_reset,
                           coalesce(max(created_at) FILTER (WHERE by_operator), 0) AS operator_reset
                    FROM resets WHERE user_id = :user_id
                )
                WHERE counted.user_id = :user_id AND day = :day
                """,
                {"user_id": user_id, "guild_id": guild_id, "day": day},
            )
        )
        return Usage(**row)

    def grants(self, tables: Tables, user_id: int, guild_id: int | None, now: datetime) -> tuple[Grant, ...]:
        """The member's grants that hold something and count in this server, the first to end first."""
        rows = tables.query(
            f"""
            SELECT id, by_operator, expires_at,
                   images - coalesce((SELECT sum(cost) FROM {COUNTED} WHERE counted.grant_id = grants.id), 0) AS left
            FROM grants
            WHERE user_id = ? AND (guild_id IS NULL OR guild_id = ?) AND expires_at > ?
            ORDER BY expires_at, id
            """,
            [user_id, guild_id, now.timestamp()],
        )
        return tuple(
            Grant(
                id=row["id"],
                left=row["left"],
                expires_at=datetime.fromtimestamp(row["expires_at"]).astimezone(),
                by_operator=bool(row["by_operator"]),
            )
            for row in rows
            if row["left"] > 0
        )

    def of_server(self, tables: Tables, guild_id: int, day: str) -> int:
        """What all members used of the day in this server."""
        sql = f"SELECT coalesce(sum(cost), 0) FROM {COUNTED} WHERE guild_id = ? AND day = ?"
        return int(tables.execute(sql, [guild_id, day]).fetchone()[0])

    def unfinished(self, tables: Tables, user_id: int | None = None, guild_id: int | None = None) -> int:
        """How many images wait or run: of a member, of a server, or in all."""
        unfinished = "SELECT count(*) FROM pictures WHERE state IN ('waiting', 'running')"
        where = " AND user_id = :user_id" if user_id is not None else ""
        where += " AND guild_id = :guild_id" if guild_id is not None else ""
        row = tables.execute(unfinished + where, {"user_id": user_id, "guild_id": guild_id}).fetchone()
        return int(row[0])

    def leave_spent(self, tables: Tables, user_id: int, day: str, now: datetime) -> None:
        """Before a member's jobs are deleted: keep what today's limit and unended grants need to know, no more."""
        tables.execute(
            "INSERT INTO spent (user_id, guild_id, day, cost, grant_id, created_at)"
            " SELECT user_id, guild_id, day, cost, grant_id, created_at FROM pictures"
            f" WHERE user_id = :user_id AND {_CHARGED}"
            " AND (day = :day OR grant_id IN (SELECT id FROM grants WHERE expires_at > :now))",
            {"user_id": user_id, "day": day, "now": now.timestamp()},
        )

    async def forget_spent(self, today: str, now: datetime) -> None:
        """Delete what is kept of deleted data and counts no more: the day is over, and the grant that paid."""
        await self._database.write(
            lambda tables: tables.execute(
                "DELETE FROM spent WHERE day < ?"
                " AND (grant_id IS NULL OR grant_id NOT IN (SELECT id FROM grants WHERE expires_at > ?))",
                [today, now.timestamp()],
            )
        )

    async def report(self, guild_id: int | None, since: str) -> list[Used]:
        """Who used what since the day ``since``, in a server (None: in all), those who used most first."""
        rows = await self._database.read(
            lambda tables: list(
                tables.query(
                    f"""
                    SELECT pictures.user_id, json_extract(request, '$.model') AS model, sum(cost) AS images
                    FROM pictures JOIN jobs ON jobs.id = job_id
                    WHERE {_CHARGED} AND day >= :since
                          AND (:guild_id IS NULL OR pictures.guild_id = :guild_id)
                    GROUP BY pictures.user_id, model
                    ORDER BY sum(sum(cost)) OVER (PARTITION BY pictures.user_id) DESC, pictures.user_id, images DESC
                    """,
                    {"guild_id": guild_id, "since": since},
                )
            )
        )
        return [Used(**row) for row in rows]

    async def by_day(self, guild_id: int | None, since: str) -> list[DayUsed]:
        """What was used on each day since ``since``, in a server (None: in each)."""
        rows = await self._database.read(
            lambda tables: list(
                tables.query(
                    f"""
                    SELECT day, pictures.guild_id, pictures.user_id, json_extract(request, '$.model') AS model,
                           sum(cost) AS images, round(coalesce(sum(seconds), 0), 1) AS seconds
                    FROM pictures JOIN jobs ON jobs.id = job_id
                    WHERE {_CHARGED} AND day >= :since
                          AND (:guild_id IS NULL OR pictures.guild_id = :guild_id)
                    GROUP BY day, pictures.guild_id, pictures.user_id, model
                    ORDER BY day, pictures.guild_id, pictures.user_id, model
                    """,
                    {"guild_id": guild_id, "since": since},
                )
            )
        )
        return [DayUsed(**row) for row in rows]
