"""What is kept about a member: exported in full, deleted for good, and expired when its time is over."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlite_utils import Database as Tables

from bot.store.database import Database
from bot.store.files import Files
from bot.store.tables.usage import Usages

#: tables that have a member's rows under their id, by what the rows are about
EXPORTED = {
    "jobs": "user_id", "pictures": "user_id", "preferences": "user_id", "styles": "owner_id", "strikes": "user_id",
    "limits": "user_id", "member_plans": "user_id", "grants": "user_id", "resets": "user_id", "bans": "user_id",
    "spent": "user_id", "audit": "user_id",
}  # fmt: skip
SECRET = ("token",)  # columns that are no data about the member but keys of Discord's
TOKEN_DAYS = 1  # an interaction's token is good for fifteen minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a deletion took away."""

    #: ids of pictures that were being made
    running: tuple[str, ...]
    jobs: tuple[str, ...]


class Privacy:
    """All SQL about what is kept and for how long."""

    def __init__(self, database: Database, files: Files, usages: Usages) -> None:
        self._database = database
        self._files = files
        self._usages = usages

    async def collect(self, user_id: int) -> dict[str, list[dict[str, Any]]]:
        """All rows about a member, by table."""

        def query(tables: Tables) -> dict[str, list[dict[str, Any]]]:
            return {
                name: [
                    {column: value for column, value in row.items() if column not in SECRET}
                    for row in tables.query(f"SELECT * FROM {name} WHERE {column} = ?", [user_id])  # noqa: S608 - ours
                ]
                for name, column in EXPORTED.items()
            }

        return await self._database.read(query)

    async def forget(self, user_id: int, day: str, now: datetime) -> Forgotten:
        """Delete a member's requests, pictures, settings and styles, rows and files; ``day`` is today.

        What they used today stays as (user, day, cost), and their strikes stay without what they wrote. Messages that
        show their pictures are listed for erasing.
        """

        def write(tables: Tables) -> tuple[Forgotten, set[str], list[str]]:
            self._usages.leave_spent(tables, user_id, day, now)
            jobs = [row["id"] for row in tables.query("SELECT id FROM jobs WHERE user_id = ?", [user_id])]
            running = _ids(tables, "user_id = ? AND state IN ('waiting', 'running')", user_id)
            pictures = _ids(tables, "user_id = ?", user_id)
            inputs = _inputs(tables, "user_id = ?", user_id)
            for sql in ERASING:
                tables.execute(sql, [user_id])
            for sql in FORGETTING:
                tables.execute(sql, [user_id])
            # The same picture may have been sent by others too.
            gone = inputs - _inputs(tables, "?", 1)
            return Forgotten(running=tuple(running), jobs=tuple(jobs)), gone, pictures

        forgotten, inputs, pictures = await self._database.write(write)
        await self._database.tidy()
        await asyncio.to_thread(self._files.delete, pictures, inputs)
        return forgotten

    async def erase_at(self, channel_id: int, message_id: int, due: datetime) -> None:
        """Remember that a message is taken away from ``due`` on."""
        sql = "INSERT OR IGNORE INTO erasures (message_id, channel_id, due) VALUES (?, ?, ?)"
        await self._database.write(lambda tables: tables.execute(sql, [message_id, channel_id, due.timestamp()]))

    async def to_erase(self, now: datetime, limit: int) -> list[tuple[int, int]]:
        """Channel and id of messages that show what was deleted, or whose time is up."""
        sql = "SELECT channel_id, message_id FROM erasures WHERE due <= ? ORDER BY message_id LIMIT ?"
        rows = await self._database.read(lambda tables: list(tables.query(sql, [now.timestamp(), limit])))
        return [(row["channel_id"], row["message_id"]) for row in rows]

    async def erased(self, message_id: int) -> None:
        """The message is gone."""
        await self._database.write(
            lambda tables: tables.execute("DELETE FROM erasures WHERE message_id = ?", [message_id])
        )

    async def expire(self, now: datetime, keep_days: int, strike_days: int) -> int:
        """Delete requests that are older than ``keep_days``, and what else has been kept for long enough.

        What an unended grant paid is kept, since it still counts. Returns how many requests were deleted.
        """
        before, strikes = (now - timedelta(days=days) for days in (keep_days, strike_days))
        tokens = now - timedelta(days=TOKEN_DAYS)

        def write(tables: Tables) -> int:
            tables.execute("UPDATE jobs SET token = NULL WHERE created_at < ?", [tokens.timestamp()])
            tables.execute("DELETE FROM strikes WHERE created_at < ?", [strikes.timestamp()])
            for sql in ENDED:
                tables.execute(sql, [before.timestamp()])
            old = (
                "DELETE FROM jobs WHERE created_at < ? AND (delivered_at IS NOT NULL OR deleted_at IS NOT NULL)"
                " AND id NOT IN (SELECT job_id FROM pictures JOIN grants ON grants.id = grant_id WHERE expires_at > ?)"
            )
            return int(tables.execute(old, [before.timestamp(), now.timestamp()]).rowcount)

        return await self._database.write(write)


#: what counts no more, and is known from nowhere else
ENDED = (
    "DELETE FROM audit WHERE created_at < ?",
    "DELETE FROM resets WHERE created_at < ?",
    "DELETE FROM grants WHERE expires_at < ? AND id NOT IN (SELECT grant_id FROM pictures WHERE grant_id IS NOT NULL)"
    " AND id NOT IN (SELECT grant_id FROM spent WHERE grant_id IS NOT NULL)",
)
#: messages of a member's jobs, and those that show one of their pictures again
ERASING = (
    "INSERT OR IGNORE INTO erasures (message_id, channel_id) SELECT message_id, channel_id FROM jobs"
    " WHERE user_id = ? AND message_id IS NOT NULL AND deleted_at IS NULL",
    "INSERT OR IGNORE INTO erasures (message_id, channel_id) SELECT message_id, channel_id FROM posts"
    " WHERE channel_id IS NOT NULL AND picture_id IN (SELECT id FROM pictures WHERE user_id = ?)",
)
FORGETTING = (
    "DELETE FROM jobs WHERE user_id = ?",  # and with them their pictures and posts
    "DELETE FROM preferences WHERE user_id = ?",
    "DELETE FROM styles WHERE owner_id = ?",
    "UPDATE strikes SET prompt = '', word = '' WHERE user_id = ?",
)


def _ids(tables: Tables, where: str, value: int) -> list[str]:
    return [row["id"] for row in tables.query(f"SELECT id FROM pictures WHERE {where}", [value])]  # noqa: S608 - ours


def _inputs(tables: Tables, where: str, value: int) -> set[str]:
    """Names of the input pictures of jobs."""
    sql = f"SELECT DISTINCT value FROM jobs, json_each(request, '$.images') WHERE {where}"  # noqa: S608 - ours
    return {row["value"] for row in tables.query(sql, [value])}
