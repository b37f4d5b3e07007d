"""What servers' admins choose for their server and for single channels of it."""

import dataclasses
import json
from collections.abc import Iterable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from sqlite_utils import Database as Tables

from bot.store.database import Database
from bot.store.tables.audit import Action, Change, note

WHOLE_SERVER = 0  # stands for no single channel
KEY = "policy of"


class Blocking(StrEnum):
    """Which pictures the output filter blocks; never fewer than the operator's policy does."""

    #: as the operator set it
    OPERATOR = "operator"
    #: nudity, in age-restricted channels too
    STRICT = "strict"
    #: also what only may be nudity
    TIGHT = "tight"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerPolicy:
    """The choices of a server's admins, for the server or for one of its channels; what is empty is left open."""

    #: where pictures may be asked for
    channels: tuple[int, ...] = ()
    #: who may ask for pictures: members with one of these roles
    roles: tuple[int, ...] = ()
    #: id of the default model
    model: str = ""
    #: ids of models, with * and ? for any letters
    models: tuple[str, ...] = ()
    blocking: Blocking | None = None
    #: a ``Ping``, for members who chose none
    ping: str = ""
    #: Discord's code of the language for members who chose none
    language: str = ""
    #: seconds between two requests of a member
    slow_mode: int | None = None

    def chosen(self) -> dict[str, Any]:
        """What is not left open."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in values.items() if value not in (None, "", ())}

    def allows(self, model: str) -> bool:
        """Whether the model of this id may be used."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)

    def here(self, channel_ids: Iterable[int | None]) -> bool:
        """Whether pictures may be asked for in a channel; a thread is named with the channel that it belongs to."""
        return not self.channels or not set(self.channels).isdisjoint(channel_ids)


NO_POLICY = ServerPolicy()


class Policies:
    """The policies, in the table of settings, and a copy in memory, so that asking costs no look at the disk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: by the server's id, and the channel's or WHOLE_SERVER
        self._known: dict[tuple[int, int], ServerPolicy] = {}

    async def refresh(self) -> None:
        """Read the table."""
        sql = "SELECT key, value FROM settings WHERE key GLOB ?"
        rows = await self._database.read(lambda tables: tables.execute(sql, [f"{KEY} *"]).fetchall())
        self._known = {_where(key): _policy(value) for key, value in rows}

    def own(self, guild_id: int | None, channel_id: int = WHOLE_SERVER) -> ServerPolicy:
        """What was chosen for exactly this server or channel."""
        return self._known.get((guild_id or 0, channel_id), NO_POLICY)

    def of(self, guild_id: int | None, channel_ids: Iterable[int | None] = ()) -> ServerPolicy:
        """What counts in a channel: its choices, then those of the one that it is a thread of, then the server's.

        ``channel_ids`` are these two, the thread's first.
        """
        chosen: dict[str, Any] = self.own(guild_id).chosen()
        for channel_id in reversed([each for each in channel_ids if each]):
            chosen |= self.own(guild_id, channel_id).chosen()
        return ServerPolicy(**chosen)

    def any_blocking(self) -> bool:
        """Whether a server chose which pictures are blocked there."""
        return any(policy.blocking for policy in self._known.values())

    async def set(self, change: Change, policy: ServerPolicy, channel_id: int = WHOLE_SERVER) -> None:
        """Replace the policy of the change's server, or of one of its channels, with an entry that says what is new."""
        guild_id = change.guild_id or 0
        before = self.own(guild_id, channel_id)
        if policy == before:
            return
        detail = _difference(before, policy) + (f" (<#{channel_id}>)" if channel_id else "")

        def write(tables: Tables) -> None:
            tables.execute(
                "INSERT INTO settings VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
                [f"{KEY} {guild_id} in {channel_id}", json.dumps(policy.chosen())],
            )
            note(tables, change, Action.SETTINGS, detail)

        await self._database.write(write)
        self._known[guild_id, channel_id] = policy


def _where(key: str) -> tuple[int, int]:
    guild_id, _, channel_id = key.removeprefix(f"{KEY} ").partition(" in ")
    return int(guild_id), int(channel_id)


def _policy(value: str) -> ServerPolicy:
    """The policy that was stored; what this version does not know is left out."""
    known = {field.name for field in dataclasses.fields(ServerPolicy)}
    stored = {name: each for name, each in json.loads(value).items() if name in known}
    values: dict[str, Any] = {name: tuple(each) if isinstance(each, list) else each for name, each in stored.items()}
    if "blocking" in values:
        values["blocking"] = Blocking(values["blocking"])
    return ServerPolicy(**values)


def _difference(before: ServerPolicy, after: ServerPolicy) -> str:
    """What changed, as ``slow_mode 30, model none``."""
    old, new = before.chosen(), after.chosen()
    return ", ".join(
        f"{name} {_written(new.get(name))}" for name in sorted({*old, *new}) if old.get(name) != new.get(name)
    )


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return "none" if value is None else str(value)
