"""Members who may not use the bot: in one server, or everywhere."""

from sqlite_utils import Database as Tables

from bot.quota import EVERYWHERE
from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note


class Bans:
    """The table of bans, and a copy of it in memory, so that asking costs no look at the disk.

    The copy follows what this process changes; ``refresh`` brings in what the command line changed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        #: (user id, server id or EVERYWHERE)
        self._known: frozenset[tuple[int, int]] = frozenset()

    def holds(self, tables: Tables, user_id: int, guild_id: int | None) -> bool:
        """Whether the member is banned here or everywhere; part of the caller's transaction."""
        sql = "SELECT 1 FROM bans WHERE user_id = ? AND guild_id IN (?, ?)"
        return tables.execute(sql, [user_id, guild_id or EVERYWHERE, EVERYWHERE]).fetchone() is not None

    def banned(self, user_id: int, guild_id: int | None) -> bool:
        """Whether the member is banned here or everywhere, as far as known."""
        return not self._known.isdisjoint({(user_id, guild_id or EVERYWHERE), (user_id, EVERYWHERE)})

    async def refresh(self) -> frozenset[tuple[int, int]]:
        """Read the table; returns the bans that were not known before, as pairs of user and server id."""
        sql = "SELECT user_id, guild_id FROM bans"
        now = await self._database.read(lambda tables: frozenset(tables.execute(sql).fetchall()))
        new, self._known = now - self._known, now
        return new

    async def ban(self, change: Change) -> list[str]:
        """Ban the change's member in its server, or everywhere, and cancel what they have waiting there.

        Returns the ids of the pictures that were cancelled.
        """
        where = change.guild_id or EVERYWHERE

        def write(tables: Tables) -> list[str]:
            tables.execute(
                "INSERT INTO bans (user_id, guild_id, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [change.user_id, where, change.at.timestamp()],
            )
            note(tables, change, Action.BAN)
            return [row["id"] for row in tables.query(_CANCEL, {"user_id": change.user_id, "guild_id": where})]

        cancelled = await self._database.write(write)
        await self.refresh()
        return cancelled

    async def unban(self, change: Change) -> bool:
        """Lift the ban in the change's server, or the one everywhere; False if there was none."""

        def write(tables: Tables) -> bool:
            sql = "DELETE FROM bans WHERE user_id = ? AND guild_id = ?"
            lifted = tables.execute(sql, [change.user_id, change.guild_id or EVERYWHERE]).rowcount == 1
            if lifted:
                note(tables, change, Action.UNBAN)
            return lifted

        lifted = await self._database.write(write)
        await self.refresh()
        return lifted


_CANCEL = f"""
    UPDATE pictures SET state = 'cancelled' WHERE state IN ('waiting', 'running') AND job_id IN
    (SELECT id FROM jobs WHERE user_id = :user_id AND (:guild_id = {EVERYWHERE} OR guild_id = :guild_id))
    RETURNING id
"""  # noqa: S608 - a number of ours
