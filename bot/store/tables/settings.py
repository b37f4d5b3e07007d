"""Small facts that the bot remembers, by key."""

from bot.store.database import Database


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
