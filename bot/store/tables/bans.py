"""Members who may not use the bot: in one server, or everywhere."""

from sqlite_utils import Database as Tables

from bot.quota import EVERYWHERE
from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note


class Bans:
    """The table of bans. Read anew each time, since the command line writes too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holds(self, tables: Tables, user_id: int, guild_id: int | None) -> bool:
        """Whether the member is banned here or everywhere; part of the caller's transaction."""
        sql = "SELECT 1 FROM bans WHERE user_id = ? AND guild_id IN (?, ?)"
        return tables.execute(sql, [user_id, guild_id or EVERYWHERE, EVERYWHERE]).fetchone() is not None

    async def banned(self, user_id: int, guild_id: int | None) -> bool:
        """Whether the member is banned here or everywhere."""
        return await self._database.read(lambda tables: self.holds(tables, user_id, guild_id))

    async def ban(self, change: Change) -> None:
        """Ban the change's member in its server, or everywhere."""

        def write(tables: Tables) -> None:
            tables.execute(
                "INSERT INTO bans (user_id, guild_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [change.user_id, change.guild_id or EVERYWHERE, change.at.timestamp()],
            )
            note(tables, change, Action.BAN)

        await self._database.write(write)

    async def unban(self, change: Change) -> bool:
        """Lift the ban in the change's server, or the one everywhere; False where there was none."""

        def write(tables: Tables) -> bool:
            sql = "DELETE FROM bans WHERE user_id = ? AND guild_id = ?"
            lifted = tables.execute(sql, [change.user_id, change.guild_id or EVERYWHERE]).rowcount == 1
            if lifted:
                note(tables, change, Action.UNBAN)
            return lifted

        return await self._database.write(write)
