"""What members may use: limits, plans, grants, resets and servers' budgets, each changed with an entry in the audit."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlite_utils import Database as Tables

from bot.quota import EVERYWHERE, RolePlan
from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note


class Quotas:
    """The tables of what was set by command. What is read is part of the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def limits(self, tables: Tables, user_id: int, guild_id: int | None) -> dict[int, int]:
        """The member's own limits by server, of this server and everywhere."""
        sql = "SELECT guild_id, images_per_day FROM limits WHERE user_id = ? AND guild_id IN (?, ?)"
        return {row[0]: row[1] for row in tables.execute(sql, [user_id, guild_id or EVERYWHERE, EVERYWHERE])}

    def plans(self, tables: Tables, user_id: int, guild_id: int | None) -> dict[int, str]:
        """The member's own plans by server, of this server and everywhere."""
        sql = "SELECT guild_id, plan FROM member_plans WHERE user_id = ? AND guild_id IN (?, ?)"
        return {row[0]: row[1] for row in tables.execute(sql, [user_id, guild_id or EVERYWHERE, EVERYWHERE])}

    def role_plans(self, tables: Tables, guild_id: int | None) -> list[RolePlan]:
        """The plans that commands gave to roles of the server."""
        rows = tables.execute("SELECT role_id, plan, by_operator FROM role_plans WHERE guild_id = ?", [guild_id])
        return [RolePlan(role_id=row[0], plan=row[1], by_operator=bool(row[2])) for row in rows]

    def budgets(self, tables: Tables, guild_id: int) -> dict[bool, int]:
        """The server's budgets, by whether the operator set it."""
        sql = "SELECT by_operator, images_per_day FROM budgets WHERE guild_id = ?"
        return {bool(row[0]): row[1] for row in tables.execute(sql, [guild_id])}

    async def set_limit(self, change: Change, images_per_day: int | None) -> None:
        """Set the member's limit in the change's server, or everywhere; None takes it away."""
        key = {"user_id": change.user_id, "guild_id": change.guild_id or EVERYWHERE}
        await self._set(change, Action.SET, "limits", key, {"images_per_day": images_per_day})

    async def set_plan(self, change: Change, plan: str | None) -> None:
        """Give the member a plan in the change's server, or everywhere; None takes it away."""
        key = {"user_id": change.user_id, "guild_id": change.guild_id or EVERYWHERE}
        await self._set(change, Action.PLAN, "member_plans", key, {"plan": plan})

    async def set_role_plan(self, change: Change, plan: str | None) -> None:
        """Give those who have the role a plan in the change's server; None takes it away."""
        key = {"guild_id": change.guild_id, "role_id": change.role_id}
        await self._set(change, Action.PLAN, "role_plans", key, {"plan": plan, "by_operator": change.by_operator})

    async def set_budget(self, change: Change, images_per_day: int | None) -> None:
        """Set what the server's members may make a day together; None takes it away."""
        key = {"guild_id": change.guild_id, "by_operator": change.by_operator}
        await self._set(change, Action.BUDGET, "budgets", key, {"images_per_day": images_per_day})

    async def budget(self, change: Change) -> int | None:
        """The budget of the change's server that its admins set, or the operator if the operator asks."""
        found = await self._database.read(lambda tables: self.budgets(tables, change.guild_id or EVERYWHERE))
        return found.get(change.by_operator)

    async def set_log_channel(self, change: Change, channel_id: int | None) -> None:
        """Post every entry of the server's audit into this channel from now on; None into none."""
        await self._set(change, Action.LOG, "log_channels", {"guild_id": change.guild_id}, {"channel_id": channel_id})

    async def log_channel(self, guild_id: int) -> int | None:
        """The channel into which changes in the server are posted."""
        sql = "SELECT channel_id FROM log_channels WHERE guild_id = ?"
        row = await self._database.read(lambda tables: tables.execute(sql, [guild_id]).fetchone())
        return None if row is None else int(row[0])

    async def grant(self, change: Change, images: int, expires_at: datetime) -> None:
        """Give the member images once."""

        def write(tables: Tables) -> None:
            tables.execute(
                "INSERT INTO grants (user_id, guild_id, by_operator, images, created_at, expires_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [change.user_id, change.guild_id, change.by_operator, images, change.at.timestamp(),
                 expires_at.timestamp()],
            )  # fmt: skip
            note(tables, change, Action.GRANT, f"{images} until {expires_at:%Y-%m-%d %H:%M} UTC")

        await self._database.write(write)

    async def end_grants(self, change: Change) -> None:
        """Let what is left of the member's grants, in the change's server or those of everywhere, end now."""

        def write(tables: Tables) -> None:
            tables.execute(
                "UPDATE grants SET expires_at = :now WHERE user_id = :user_id AND guild_id IS :guild_id"
                " AND expires_at > :now",
                {"now": change.at.timestamp(), "user_id": change.user_id, "guild_id": change.guild_id},
            )
            note(tables, change, Action.GRANT)

        await self._database.write(write)

    async def reset(self, change: Change) -> None:
        """Reset the member's daily count, in the change's server or everywhere."""

        def write(tables: Tables) -> None:
            tables.execute(
                "INSERT INTO resets (user_id, guild_id, by_operator, created_at) VALUES (?, ?, ?, ?)",
                [change.user_id, change.guild_id, change.by_operator, change.at.timestamp()],
            )
            note(tables, change, Action.RESET)

        await self._database.write(write)

    async def _set(
        self, change: Change, action: Action, table: str, key: dict[str, Any], values: dict[str, Any]
    ) -> None:
        """Insert or replace a row, or delete it if its first value is None, and add an audit entry."""
        value = next(iter(values.values()))

        def write(tables: Tables) -> None:
            if value is None:
                tables.execute(f"DELETE FROM {table} WHERE {_all(list(key))}", list(key.values()))  # noqa: S608 - ours
            else:
                tables[table].upsert({**key, **values}, pk=tuple(key))  # type: ignore[union-attr]
            note(tables, change, action, "" if value is None else str(value))

        await self._database.write(write)


def _all(names: Sequence[str]) -> str:
    return " AND ".join(f"{name} = ?" for name in names)
