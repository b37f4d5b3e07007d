"""Small facts that the bot remembers, by key."""

from enum import StrEnum

from sqlite_utils import Database as Tables

from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note


def pause_key(guild_id: int | None) -> str:
    """Under which a server's pause stands: the sentence for members, empty if there is none."""
    return f"pause of {guild_id}"


class Replies(StrEnum):
    """When words in reply to a picture make another one, in a server."""

    #: if they are an instruction beyond doubt; in between, their author is asked
    INSTRUCTIONS = "instructions"
    #: whenever they may be meant for the picture, their author is asked
    ASK = "ask"
    #: only if they mention the bot
    MENTIONS = "mentions"


class KeyValues:
    """A table of keys and values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """The value, or None if it was never set."""
        row = await self._database.read(
            lambda tables: tables.execute("SELECT value FROM settings WHERE key = ?", [key]).fetchone()
        )
        return None if row is None else str(row[0])

    async def take(self, prefix: str) -> dict[str, str]:
        """All values whose keys begin so, by the rest of the key; they are deleted."""

        def write(tables: Tables) -> dict[str, str]:
            rows = tables.execute("SELECT key, value FROM settings WHERE key GLOB ?", [f"{prefix}*"]).fetchall()
            tables.execute("DELETE FROM settings WHERE key GLOB ?", [f"{prefix}*"])
            return {key.removeprefix(prefix): value for key, value in rows}

        return await self._database.write(write)

    async def set(self, key: str, value: str) -> None:
        """Set or replace the value."""
        sql = "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        await self._database.write(lambda tables: tables.execute(sql, [key, value]))

    async def moderators(self, guild_id: int | None) -> int | None:
        """The role whose members moderate a server; None: those whom Discord lets moderate members."""
        role = await self.get(f"moderators of {guild_id}")
        return int(role) if role else None

    async def set_moderators(self, change: Change) -> None:
        """Make the change's role the moderators of its server; without a role, Discord's right counts."""
        role = str(change.role_id or "")
        await self._set_noted(change, f"moderators of {change.guild_id}", role, Action.MODERATORS)

    async def set_pause(self, change: Change) -> None:
        """Take no requests in the change's server, with its reason for members; without a reason they are taken."""
        await self._set_noted(change, pause_key(change.guild_id), change.reason, Action.PAUSE)

    async def _set_noted(self, change: Change, key: str, value: str, action: Action) -> None:
        sql = "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"

        def write(tables: Tables) -> None:
            tables.execute(sql, [key, value])
            note(tables, change, action, value)

        await self._database.write(write)

    async def replies(self, guild_id: int | None) -> Replies:
        """What a server's admins chose for replies to pictures."""
        return Replies(await self.get(f"replies in {guild_id}") or Replies.INSTRUCTIONS)

    async def set_replies(self, guild_id: int, replies: Replies) -> None:
        """Choose it for a server."""
        await self.set(f"replies in {guild_id}", replies.value)
