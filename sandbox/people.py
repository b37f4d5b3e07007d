"""What people do: commands, buttons, modals, messages. Each becomes the gateway event that Discord would send."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from simcord import interactions
from simcord.backend import serializers
from simcord.backend.access import message_accessible
from simcord.backend.models import Interaction, Message
from simcord.components import walk_components
from simcord.enums import AppCommandType, ComponentType, InteractionType, OptionType

from .world import World

File = tuple[str, bytes]

ALL_PERMISSIONS = str(2**50 - 1)


class CannotDoError(Exception):
    """A real person could not do this: the command, button or message is not there for him."""


@dataclass(slots=True)
class Asked:
    """An interaction that a person began, and what the bot made of it."""

    world: World
    record: Interaction
    #: seconds of perf_counter when it was sent
    at: float
    acknowledged_at: float | None = None

    @property
    def message(self) -> Message | None:
        """The bot's answer, as it stands now."""
        if self.record.message_id is None:
            return None
        return self.world.backend.messages.get(self.record.channel_id, {}).get(self.record.message_id)

    @property
    def content(self) -> str:
        """The text of the answer; empty while there is none."""
        return self.message.content if self.message else ""

    @property
    def loading(self) -> bool:
        """Whether the bot has only said that it thinks."""
        return not self.record.responded or self.record.loading

    @property
    def milliseconds(self) -> float | None:
        """From the command to its acknowledgement."""
        return None if self.acknowledged_at is None else (self.acknowledged_at - self.at) * 1000


class People:
    """Acts for members of the server."""

    def __init__(self, world: World, upload_limit: int) -> None:
        self._world = world
        self.upload_limit = upload_limit
        self.asked: dict[int, Asked] = {}
        self._payloads: dict[int, dict[str, Any]] = {}

    def commands(self, user_id: int, channel_id: int, kind: int = AppCommandType.CHAT_INPUT) -> list[dict[str, Any]]:
        """The commands that the member sees, each with its path: [{"path": "quota-admin set", "command": …}]."""
        visible = self._world.backend.visible_commands(user_id=user_id, channel_id=channel_id, type=kind)
        return [
            {"path": " ".join(path), "command": leaf}
            for command in visible
            for path, leaf in interactions.command_leaves(command)
        ]

    def slash(self, user_id: int, channel_id: int, path: str, options: Mapping[str, Any]) -> Asked:
        """Use a slash command; a file option takes (name, bytes), a user option an id."""
        data, leaf = self._command(user_id, channel_id, path)
        resolved: dict[str, Any] = {}
        declared = {option["name"]: option for option in leaf.get("options") or ()}
        if missing := [name for name, option in declared.items() if option.get("required") and name not in options]:
            raise CannotDoError(f"/{path} needs {', '.join(missing)}")
        values = [self._option(declared[name], value, channel_id, resolved) for name, value in options.items()]
        data["options"] = interactions.nest_options(data.pop("root"), path.split()[1:], values)
        data["resolved"] = resolved
        return self._ask(InteractionType.APPLICATION_COMMAND, user_id, channel_id, data)

    def autocomplete(
        self, user_id: int, channel_id: int, path: str, name: str, typed: str, options: Mapping[str, Any]
    ) -> Asked:
        """Type into an option; the bot's suggestions stand in the record's autocomplete_choices."""
        data, leaf = self._command(user_id, channel_id, path)
        declared = {option["name"]: option for option in leaf.get("options") or ()}
        values = [
            self._option(declared[key], value, channel_id, {})
            for key, value in options.items()
            if key != name and declared[key]["type"] != OptionType.ATTACHMENT
        ]
        values.append({"name": name, "type": declared[name]["type"], "value": typed, "focused": True})
        data["options"] = interactions.nest_options(data.pop("root"), path.split()[1:], values)
        return self._ask(InteractionType.APPLICATION_COMMAND_AUTOCOMPLETE, user_id, channel_id, data)

    def menu(self, user_id: int, name: str, message: Message) -> Asked:
        """Use a message context-menu command."""
        data, _ = self._command(user_id, message.channel_id, name, AppCommandType.MESSAGE)
        del data["root"]
        payload = dict(serializers.message_payload(self._world.backend, message))
        data |= {"target_id": str(message.id), "resolved": {"messages": {str(message.id): payload}}}
        return self._ask(InteractionType.APPLICATION_COMMAND, user_id, message.channel_id, data)

    def press(self, user_id: int, message: Message, custom_id: str, values: Sequence[str] | None = None) -> Asked:
        """Press a button, or choose values in a select."""
        component = next((c for c in walk_components(message.components) if c.get("custom_id") == custom_id), None)
        if component is None or component.get("disabled") or not self._sees(user_id, message):
            raise CannotDoError(f"there is nothing to press with custom_id {custom_id}")
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": component["type"]}
        if values is not None:
            data["values"] = list(values)
        return self._ask(InteractionType.MESSAGE_COMPONENT, user_id, message.channel_id, data, message)

    def submit(self, user_id: int, shown: Asked, values: Mapping[str, str]) -> Asked:
        """Send a modal with its fields, by custom_id; those left out keep their text."""
        modal = shown.record.modal
        if modal is None:
            raise CannotDoError("no modal was shown")
        data = {"custom_id": modal["custom_id"], "components": [_filled(row, values) for row in modal["components"]]}
        source = shown.record.source_message_id
        message = self._world.backend.get_message(shown.record.channel_id, source) if source else None
        return self._ask(InteractionType.MODAL_SUBMIT, user_id, shown.record.channel_id, data, message)

    def say(
        self, user_id: int, channel_id: int, text: str, files: Sequence[File] = (), reply_to: int | None = None
    ) -> Message:
        """Write a message, or reply to one with a ping."""
        backend = self._world.backend
        reference = None
        if reply_to:
            wire = {"channel_id": str(channel_id), "message_id": str(reply_to)}
            reference = backend.normalize_message_reference(channel_id, wire)
        attachments = backend.store_attachments(channel_id, list(files))
        return backend.create_message(channel_id, user_id, text, reference=reference, attachments=attachments)

    def repeat(self, asked: Asked) -> None:
        """Deliver an interaction a second time, as Discord sometimes does."""
        self._world.backend.emit("INTERACTION_CREATE", self._payloads[asked.record.id])

    def messages(self, user_id: int, channel_id: int) -> list[Message]:
        """The messages that the member sees, oldest first."""
        stored = self._world.backend.messages.get(channel_id, {})
        return [message for message in stored.values() if self._sees(user_id, message)]

    def _sees(self, user_id: int, message: Message) -> bool:
        return message_accessible(self._world.backend, message.channel_id, message, user_id)

    def _command(
        self, user_id: int, channel_id: int, path: str, kind: int = AppCommandType.CHAT_INPUT
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        # Names of context menus hold spaces and never nest.
        words = path.split() if kind == AppCommandType.CHAT_INPUT else [path]
        visible = self._world.backend.visible_commands(user_id=user_id, channel_id=channel_id, type=kind)
        root = next((command for command in visible if command["name"] == words[0]), None)
        if root is None:
            raise CannotDoError(f"there is no command /{words[0]} for this member here")
        leaf, _ = interactions.walk_to_subcommand(root, words[1:])
        return {"id": root["id"], "name": root["name"], "type": kind, "root": root}, leaf

    def _option(
        self, declared: Mapping[str, Any], value: Any, channel_id: int, resolved: dict[str, Any]
    ) -> dict[str, Any]:
        backend, kind = self._world.backend, declared["type"]
        if kind == OptionType.ATTACHMENT:
            name, data = value
            value = interactions.store_interaction_attachment(backend, channel_id, name, data, resolved)
        elif kind == OptionType.USER:
            guild = backend.get_guild(self._world.guild_id)
            user = dict(serializers.user_payload(backend.get_user(int(value))))
            member = dict(serializers.member_payload(backend, guild, guild.members[int(value)], with_user=False))
            resolved.setdefault("users", {})[str(value)] = user
            resolved.setdefault("members", {})[str(value)] = member
            value = str(value)
        elif kind == OptionType.INTEGER:
            value = int(value)
        elif kind == OptionType.NUMBER:
            value = float(value)
        if kind in _CHECKED:
            value = interactions.validate_option_value(declared["name"], dict(declared), value)
        return {"name": declared["name"], "type": kind, "value": value}

    def _ask(
        self, kind: int, user_id: int, channel_id: int, data: dict[str, Any], message: Message | None = None
    ) -> Asked:
        backend = self._world.backend
        guild_id = backend.get_channel(channel_id).guild_id
        record, payload = interactions.base_payload(
            backend, type=kind, channel_id=channel_id, guild_id=guild_id, user_id=user_id, data=data
        )
        payload |= {
            "locale": self._world.locales.get(user_id, "en-US"),
            "attachment_size_limit": self.upload_limit,
            "authorizing_integration_owners": {"0": str(guild_id or 0)},
        }
        if guild_id is None:
            payload["app_permissions"] = ALL_PERMISSIONS
        if message is not None:
            record.source_message_id = message.id
            payload["message"] = dict(serializers.message_payload(backend, message))
        asked = self.asked[record.id] = Asked(self._world, record, perf_counter())
        self._payloads[record.id] = payload
        backend.emit("INTERACTION_CREATE", payload)
        return asked


_CHECKED = (OptionType.STRING, OptionType.INTEGER, OptionType.NUMBER, OptionType.BOOLEAN)


def _filled(row: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, Any]:
    """A modal's component as Discord sends it back, with what was typed."""
    kept = {key: row[key] for key in ("type", "id", "custom_id") if key in row}
    if "components" in row:
        return {**kept, "components": [_filled(child, values) for child in row["components"]]}
    if "component" in row:
        return {**kept, "component": _filled(row["component"], values)}
    if row["type"] == ComponentType.TEXT_INPUT:
        kept["value"] = values.get(row["custom_id"], row.get("value") or "")
    return kept
