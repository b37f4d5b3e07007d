"""What members chose once for all their requests."""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from sqlite_utils import Database as Tables

from bot.store.database import Database


class Ping(StrEnum):
    """When a member is pinged that their pictures are ready."""

    NEVER = "never"
    #: after more than a minute, or if much was written meanwhile
    LONG = "long"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One member's defaults; None is left to the model, or to Discord."""

    model: str | None = None
    size: str | None = None
    count: int | None = None
    negative_prompt: str | None = None
    #: name of a saved style
    style: str | None = None
    #: Discord's code of a language
    language: str | None = None
    private: bool | None = None
    #: whether the prompt stands in the files of the pictures
    prompt_in_files: bool | None = None
    #: one of Ping
    ping: str | None = None


class Preferences:
    """The table of members' defaults."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, user_id: int) -> Preference:
        """A member's defaults."""
        return await self._database.read(lambda tables: _read(tables, user_id))

    async def prompt_in_files(self, user_id: int) -> bool:
        """Whether the member wishes the prompt in what leaves."""
        return (await self.get(user_id)).prompt_in_files is True

    async def change(self, user_id: int, **chosen: str | int | bool | None) -> Preference:
        """Change some of a member's defaults; returns all of them."""

        def write(tables: Tables) -> Preference:
            preference = replace(_read(tables, user_id), **chosen)  # type: ignore[arg-type]
            tables.execute(
                "INSERT INTO preferences VALUES (?, ?) ON CONFLICT DO UPDATE SET chosen = excluded.chosen",
                [user_id, json.dumps(asdict(preference))],
            )
            return preference

        return await self._database.write(write)

    async def forget(self, user_id: int) -> None:
        """Forget all that a member chose."""
        await self._database.write(
            lambda tables: tables.execute("DELETE FROM preferences WHERE user_id = ?", [user_id])
        )

    async def languages(self) -> dict[int, str]:
        """The languages of the members who chose one."""
        rows = await self._database.read(lambda tables: list(tables.query("SELECT user_id, chosen FROM preferences")))
        chosen = {row["user_id"]: json.loads(row["chosen"]).get("language") for row in rows}
        return {user_id: language for user_id, language in chosen.items() if language}


def _read(tables: Tables, user_id: int) -> Preference:
    row = tables.execute("SELECT chosen FROM preferences WHERE user_id = ?", [user_id]).fetchone()
    return Preference(**json.loads(row[0])) if row else Preference()
