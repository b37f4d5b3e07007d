"""Small facts that the bot remembers, by key."""

from enum import StrEnum

from bot.store.database import Database


class Replies(StrEnum):
    """When words in reply to a picture make another one, in a server."""

    #: where they are an instruction beyond doubt; in between, their author is asked
    INSTRUCTIONS = "instructions"
    #: whenever they may be meant for the picture, their author is asked
    ASK = "ask"
    #: only where they mention the bot
    MENTIONS = "mentions"


class Settings:
    """A table of keys and values."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, key: str) -> str | None:
        """The value, or None if it was never set."""
        row = await self._database.read(
            lambda tables: tables.execute("SELECT value FROM settings WHERE key = ?", [key]).fetchone()
        )
        return None if row is None else str(row[0])

    async def set(self, key: str, value: str) -> None:
        """Set or replace the value."""
        sql = "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"
        await self._database.write(lambda tables: tables.execute(sql, [key, value]))

    async def replies(self, guild_id: int | None) -> Replies:
        """What a server's admins chose for replies to pictures."""
        return Replies(await self.get(f"replies in {guild_id}") or Replies.INSTRUCTIONS)

    async def set_replies(self, guild_id: int, replies: Replies) -> None:
        """Choose it for a server."""
        await self.set(f"replies in {guild_id}", replies.value)
