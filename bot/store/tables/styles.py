"""Saved styles: words that are added to prompts, by name, of a member or of a server."""

from bot.store.database import Database


class Styles:
    """The table of styles. An owner is a member's or a server's id."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, owner_id: int, name: str, words: str) -> None:
        """Save or replace a style."""
        sql = "INSERT INTO styles VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET words = excluded.words"
        await self._database.write(lambda tables: tables.execute(sql, [owner_id, name, words]))

    async def delete(self, owner_id: int, name: str) -> bool:
        """Delete a style; False if there is none of that name."""
        sql = "DELETE FROM styles WHERE owner_id = ? AND name = ?"
        return await self._database.write(lambda tables: tables.execute(sql, [owner_id, name]).rowcount == 1)

    async def of(self, *owner_ids: int) -> dict[str, str]:
        """The styles of these owners by name; of two with one name the first owner's."""
        places = ", ".join("?" * len(owner_ids))
        sql = f"SELECT owner_id, name, words FROM styles WHERE owner_id IN ({places}) ORDER BY name"  # noqa: S608
        rows = await self._database.read(lambda tables: list(tables.query(sql, owner_ids)))
        rows.sort(key=lambda row: owner_ids.index(row["owner_id"]), reverse=True)
        return {row["name"]: row["words"] for row in rows}
