"""People's actions: commands, buttons, modals, messages. Each becomes the gateway event that Discord would send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter
from typing import Any

from simcord import interactions
from simcord.backend import serializers
from simcord.backend.access import channel_accessible
from simcord.backend.models import Interaction, Message
from simcord.components import walk_components
from simcord.enums import AppCommandType, ComponentType, InteractionType

from . import interaction_data
from .conversation import Talk
from .interaction_data import CannotDoError, Resolved
from .world import World

ALL_PERMISSIONS = str(2**50 - 1)
TOKEN_SECONDS = 900.0  # how long an interaction can be answered; afterwards it is forgotten
LINK, PREMIUM = 5, 6  # styles of buttons that start no interaction


@dataclass(slots=True)
class Asked:
    """An interaction that a person started, and how the bot answered it."""

    world: World
    record: Interaction
    #: perf_counter when it was sent
    at: float
    #: the event as it was sent
    payload: dict[str, Any]
    acknowledged_at: float | None = None

    @property
    def message(self) -> Message | None:
        """The bot's answer in its current state; None before there is one."""
        if self.record.message_id is None:
            return None
        return self.world.backend.messages.get(self.record.channel_id, {}).get(self.record.message_id)

    @property
    def reply(self) -> Message | None:
        """The newest follow-up, or else the answer: what the bot said last."""
        messages = self.world.backend.messages.get(self.record.channel_id, {})
        said = [messages[number] for number in self.record.followup_ids if number in messages]
        return said[-1] if said else self.message

    @property
    def content(self) -> str:
        """The text of the answer; empty while there is none."""
        return self.message.content if self.message else ""

    @property
    def loading(self) -> bool:
        """Whether the bot has shown no more than that it is thinking."""
        return not self.record.responded or self.record.loading

    @property
    def milliseconds(self) -> float | None:
        """Milliseconds from the command to its acknowledgement; None before that."""
        return None if self.acknowledged_at is None else (self.acknowledged_at - self.at) * 1000


class People(Talk):
    """Acts for members of the server. Raises CannotDoError if a real person could not do the same."""

    def __init__(self, world: World, upload_limit: int) -> None:
        super().__init__(world, upload_limit)
        self.asked: dict[int, Asked] = {}

    def commands(self, user_id: int, channel_id: int, kind: int = AppCommandType.CHAT_INPUT) -> list[dict[str, Any]]:
        """List the commands that the member sees, each with its path, and that in the member's language.

        As in [{"path": "quota-admin set", "shown": "cotas definir", "command": …}].
        """
        visible = self._world.backend.visible_commands(user_id=user_id, channel_id=channel_id, type=kind)
        locale = self._world.locales.get(user_id, "en-US")
        return [
            {"path": " ".join(path), "shown": _localised(command, path, locale), "command": leaf}
            for command in visible
            for path, leaf in interactions.command_leaves(command)
        ]

    def slash(self, user_id: int, channel_id: int, path: str, options: Mapping[str, Any]) -> Asked:
        """Run a slash command; a file option takes (name, bytes), a user, role or channel option an id."""
        data, declared = self._command(user_id, channel_id, path)
        if missing := [name for name, option in declared.items() if option.get("required") and name not in options]:
            raise CannotDoError(f"/{path} needs {', '.join(missing)}")
        resolved: Resolved = {}
        values = [
            interaction_data.option(
                self._world, user_id, channel_id, self._declared(path, declared, name), value, resolved
            )
            for name, value in options.items()
        ]
        data["options"] = interactions.nest_options(data.pop("root"), path.split()[1:], values)
        data |= _non_empty(resolved)
        return self._ask(InteractionType.APPLICATION_COMMAND, user_id, channel_id, data)

    def autocomplete(
        self, user_id: int, channel_id: int, path: str, name: str, typed: str, options: Mapping[str, Any]
    ) -> Asked:
        """Type into an option; the bot's suggestions arrive in the record's autocomplete_choices."""
        data, declared = self._command(user_id, channel_id, path)
        focused = self._declared(path, declared, name)
        values = [
            interaction_data.option(self._world, user_id, channel_id, self._declared(path, declared, key), value, {})
            for key, value in options.items()
            if key != name
        ]
        values.append({"name": name, "type": focused["type"], "value": typed, "focused": True})
        data["options"] = interactions.nest_options(data.pop("root"), path.split()[1:], values)
        return self._ask(InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE, user_id, channel_id, data)

    def menu(self, user_id: int, name: str, message: Message) -> Asked:
        """Use a message context-menu command."""
        self._seen(user_id, message)
        data, _ = self._command(user_id, message.channel_id, name, AppCommandType.MESSAGE)
        del data["root"]
        payload = dict(serializers.message_payload(self._world.backend, message))
        data |= {"target_id": str(message.id), "resolved": {"messages": {str(message.id): payload}}}
        return self._ask(InteractionType.APPLICATION_COMMAND, user_id, message.channel_id, data)

    def press(self, user_id: int, message: Message, custom_id: str, values: Sequence[str] | None = None) -> Asked:
        """Press a button, or choose values (of members, roles and channels: their ids) in a select."""
        self._seen(user_id, message)
        component = next((c for c in walk_components(message.components) if c.get("custom_id") == custom_id), None)
        if component is None or component.get("disabled") or component.get("style") in (LINK, PREMIUM):
            raise CannotDoError(f"there is nothing to press with custom_id {custom_id}")
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": component["type"]}
        if component["type"] != ComponentType.BUTTON:
            resolved: Resolved = {}
            data["values"] = interaction_data.selection(self._world, user_id, component, values or (), resolved)
            data |= _non_empty(resolved)
        return self._ask(InteractionType.MESSAGE_COMPONENT, user_id, message.channel_id, data, message)

    def submit(self, user_id: int, shown: Asked, values: Mapping[str, Any]) -> Asked:
        """Submit a modal with fields by custom_id; those left out keep their text. Files are lists of (name, bytes)."""
        modal, channel_id = shown.record.modal, shown.record.channel_id
        if modal is None:
            raise CannotDoError("no modal was shown")
        components, resolved = interaction_data.filled(self._world, user_id, channel_id, modal, values)
        data = {"custom_id": modal["custom_id"], "components": components, **_non_empty(resolved)}
        source = shown.record.source_message_id
        message = self._world.backend.messages[channel_id].get(source) if source else None
        return self._ask(InteractionType.MODAL_SUBMIT, user_id, channel_id, data, message)

    def repeat(self, asked: Asked) -> None:
        """Deliver an interaction a second time, as Discord sometimes does."""
        self._world.backend.emit("INTERACTION_CREATE", asked.payload)

    def messages(self, user_id: int, channel_id: int, last: int | None = None) -> list[Message]:
        """List the messages that the member sees, oldest first: all, or the ``last`` ones."""
        backend = self._world.backend
        if not channel_accessible(backend, channel_id, user_id):
            return []
        newest_first = reversed(backend.messages.get(channel_id, {}).values())
        seen = islice((message for message in newest_first if message.visible_to(user_id)), last)
        return list(seen)[::-1]

    def _command(
        self, user_id: int, channel_id: int, path: str, kind: int = AppCommandType.CHAT_INPUT
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The interaction's data without options, and the declared options by name."""
        # Names of context-menu commands may contain spaces and never nest.
        words = path.split() if kind == AppCommandType.CHAT_INPUT else [path]
        visible = self._world.backend.visible_commands(user_id=user_id, channel_id=channel_id, type=kind)
        root = next((command for command in visible if command["name"] == words[0]), None)
        if root is None:
            raise CannotDoError(f"there is no command /{words[0]} for this member here")
        leaf, _ = interactions.walk_to_subcommand(root, words[1:])
        declared = {option["name"]: option for option in leaf.get("options") or ()}
        return {"id": root["id"], "name": root["name"], "type": kind, "root": root}, declared

    @staticmethod
    def _declared(path: str, declared: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
        if name not in declared:
            raise CannotDoError(f"/{path} has no option {name}")
        return declared[name]

    def _ask(
        self, kind: int, user_id: int, channel_id: int, data: dict[str, Any], message: Message | None = None
    ) -> Asked:
        backend = self._world.backend
        guild_id = backend.get_channel(channel_id).guild_id
        record, payload = interactions.base_payload(
            backend, type=kind, channel_id=channel_id, guild_id=guild_id, user_id=user_id, data=data
        )
        by_user = user_id in self._world.user_installs
        payload |= {
            "locale": self._world.locales.get(user_id, "en-US"),
            "attachment_size_limit": self.upload_limit,
            "authorizing_integration_owners": {"1": str(user_id)} if by_user else {"0": str(guild_id or 0)},
        }
        if guild_id is None:
            payload["app_permissions"] = ALL_PERMISSIONS
        if message is not None:
            record.source_message_id = message.id
            payload["message"] = dict(serializers.message_payload(backend, message))
        asked = self.asked[record.id] = Asked(self._world, record, perf_counter(), payload)
        self._forget_expired(asked.at)
        backend.emit("INTERACTION_CREATE", payload)
        return asked

    def _forget_expired(self, now: float) -> None:
        backend = self._world.backend
        while (oldest := next(iter(self.asked.values()))).at < now - TOKEN_SECONDS:
            for known in (self.asked, backend.interactions):
                known.pop(oldest.record.id, None)
            backend.interaction_tokens.pop(oldest.record.token, None)


def _localised(command: Mapping[str, Any], path: Sequence[str], locale: str) -> str:
    """A command's path in a language, where the bot has names in it."""
    words: list[str] = []
    for name in path:
        if words:
            command = next(option for option in command["options"] if option["name"] == name)
        words.append((command.get("name_localizations") or {}).get(locale, name))
    return " ".join(words)


def _non_empty(resolved: Resolved) -> dict[str, Resolved]:
    """Leave out what is empty, as Discord does: discord.py reads a select's values from what is there."""
    return {"resolved": resolved} if resolved else {}
