"""Small facts that the bot remembers, by key."""

from sqlite_utils import Database as Tables

from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note


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

    async def moderators(self, guild_id: int | None) -> int | None:
        """The role whose members moderate a server; None: those whom Discord lets moderate members."""
        role = await self.get(f"moderators of {guild_id}")
        return int(role) if role else None

    async def set_moderators(self, change: Change) -> None:
        """Make the change's role the moderators of its server; without a role, Discord's right counts."""
        role = str(change.role_id or "")
        sql = "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value"

        def write(tables: Tables) -> None:
            tables.execute(sql, [f"moderators of {change.guild_id}", role])
            note(tables, change, Action.MODERATORS, role)

        await self._database.write(write)
