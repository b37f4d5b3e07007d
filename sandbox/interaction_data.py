"""What people choose and type, as Discord puts it on the wire: options, selected entities, fields of modals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from simcord import interactions
from simcord.backend import serializers
from simcord.components import walk_components
from simcord.enums import SELECT_TYPES, ComponentType, OptionType

from .world import World

TEXT_INPUT = 4000  # characters of a modal's text field that sets no limit itself

File = tuple[str, bytes]
Resolved = dict[str, dict[str, Any]]

#: which entities options and selects of each type take
_ENTITIES = {
    OptionType.USER: ("users",),
    OptionType.ROLE: ("roles",),
    OptionType.CHANNEL: ("channels",),
    OptionType.MENTIONABLE: ("users", "roles"),
}
_SELECTED = {
    ComponentType.USER_SELECT: ("users",),
    ComponentType.ROLE_SELECT: ("roles",),
    ComponentType.CHANNEL_SELECT: ("channels",),
    ComponentType.MENTIONABLE_SELECT: ("users", "roles"),
}
_NUMBERS: dict[int, tuple[Callable[[Any], Any], str]] = {
    OptionType.INTEGER: (int, "a whole number"),
    OptionType.NUMBER: (float, "a number"),
}
_CHECKED = (OptionType.STRING, OptionType.INTEGER, OptionType.NUMBER, OptionType.BOOLEAN)


class CannotDoError(Exception):
    """A real person could not do this: they do not see the command, button or message."""


def option(
    world: World, user_id: int, channel_id: int, declared: Mapping[str, Any], value: Any, resolved: Resolved
) -> dict[str, Any]:
    """Build one option of a command from its value: text, number, boolean, id, or a file as (name, bytes)."""
    kind, name = declared["type"], declared["name"]
    if kind == OptionType.ATTACHMENT:
        value = upload(world, channel_id, value, resolved)
    elif kind in _ENTITIES:
        value = entity(world, user_id, _ENTITIES[kind], value, resolved)
    elif kind in _NUMBERS:
        convert, expected = _NUMBERS[kind]
        try:
            value = convert(value)
        except ValueError as error:
            raise CannotDoError(f"{name} takes {expected}, not “{value}”") from error
    elif kind == OptionType.BOOLEAN and isinstance(value, str):
        if value.lower() not in ("true", "false"):
            raise CannotDoError(f"{name} takes True or False, not “{value}”")
        value = value.lower() == "true"
    if kind in _CHECKED:
        value = _checked(declared, value)
    return {"name": name, "type": kind, "value": value}


def _checked(declared: Mapping[str, Any], value: Any) -> Any:
    """A value within what its option takes; of choices, either name or value."""
    name, choices = declared["name"], declared.get("choices") or ()
    for choice in choices:
        names = (choice["name"], *(choice.get("name_localizations") or {}).values())
        if value == choice["value"] or str(value).lower() in map(str.lower, names):
            return choice["value"]
    if choices:
        raise CannotDoError(f"{name} takes one of {', '.join(choice['name'] for choice in choices)}, not “{value}”")
    lowest, highest = declared.get("min_value"), declared.get("max_value")
    if lowest is not None and value < lowest:
        raise CannotDoError(f"{name} takes at least {lowest}, not {value}")
    if highest is not None and value > highest:
        raise CannotDoError(f"{name} takes at most {highest}, not {value}")
    return interactions.validate_option_value(name, dict(declared), value)


def upload(world: World, channel_id: int, file: File, resolved: Resolved) -> str:
    """Store a file that came with an interaction; return the id under which it is resolved."""
    name, data = file
    return interactions.store_interaction_attachment(world.backend, channel_id, name, data, resolved)


def entity(world: World, user_id: int, kinds: Sequence[str], value: Any, resolved: Resolved) -> str:
    """Resolve the member, role or channel with this id, whichever of ``kinds`` it is; return the id."""
    if not str(value).isdecimal():
        raise CannotDoError(f"there is nobody and nothing named “{value}” among {' and '.join(kinds)}")
    backend, number = world.backend, int(value)
    guild = backend.get_guild(world.guild_id)
    if "users" in kinds and number in backend.users:
        resolved.setdefault("users", {})[str(number)] = dict(serializers.user_payload(backend.get_user(number)))
        if number in guild.members:
            member = serializers.member_payload(backend, guild, guild.members[number], with_user=False)
            permissions = {"permissions": str(backend.compute_permissions(guild.id, number))}
            resolved.setdefault("members", {})[str(number)] = {**member, **permissions}
    elif "roles" in kinds and number in guild.roles:
        resolved.setdefault("roles", {})[str(number)] = dict(serializers.role_payload(guild.roles[number]))
    elif "channels" in kinds and number in backend.channels:
        payload = dict(serializers.channel_payload(backend, backend.get_channel(number)))
        permissions = {"permissions": str(backend.compute_permissions(guild.id, user_id, number))}
        resolved.setdefault("channels", {})[str(number)] = {**payload, **permissions}
    else:
        raise CannotDoError(f"there is nothing with the id {value} among {' and '.join(kinds)}")
    return str(number)


def selection(
    world: World, user_id: int, component: Mapping[str, Any], values: Sequence[str], resolved: Resolved
) -> list[str]:
    """Check the values chosen in a select against what it offers; return them as Discord sends them."""
    lowest, highest = component.get("min_values", 1), component.get("max_values", 1)
    if not lowest <= len(values) <= highest:
        raise CannotDoError(f"choose {lowest} to {highest}, not {len(values)}")
    if component["type"] != ComponentType.STRING_SELECT:
        return [entity(world, user_id, _SELECTED[component["type"]], value, resolved) for value in values]
    if unknown := set(values) - {offered["value"] for offered in component["options"]}:
        raise CannotDoError(f"there is no choice named {', '.join(unknown)}")
    return list(values)


def filled(
    world: World, user_id: int, channel_id: int, modal: Mapping[str, Any], values: Mapping[str, Any]
) -> tuple[list[dict[str, Any]], Resolved]:
    """Fill a modal in; return its components as Discord sends them back, and what its fields refer to.

    ``values`` by custom_id: text, a list of chosen values, a list of files, or a boolean; a field that is left out
    keeps its default.
    """
    resolved: Resolved = {}
    known = {component.get("custom_id") for component in walk_components(modal["components"])}
    if unknown := set(values) - known:
        raise CannotDoError(f"the modal has no field {', '.join(map(str, unknown))}")

    def fill(row: Mapping[str, Any]) -> dict[str, Any]:
        kept = {key: row[key] for key in ("type", "id", "custom_id") if key in row}
        if "components" in row:
            return {**kept, "components": [fill(child) for child in row["components"]]}
        if "component" in row:
            return {**kept, "component": fill(row["component"])}
        return {**kept, **_field(world, user_id, channel_id, row, values.get(row.get("custom_id", "")), resolved)}

    return [fill(row) for row in modal["components"]], resolved


def _field(
    world: World, user_id: int, channel_id: int, row: Mapping[str, Any], value: Any, resolved: Resolved
) -> dict[str, Any]:
    kind = row["type"]
    if kind == ComponentType.TEXT_INPUT:
        text = row.get("value") or "" if value is None else value
        if row.get("required", True) and not text:
            raise CannotDoError("a field that is required is empty")
        if text and not (row.get("min_length") or 0) <= len(text) <= (row.get("max_length") or TEXT_INPUT):
            raise CannotDoError(f"“{text[:40]}” is too long or too short for its field")
        return {"value": text}
    chosen: Any = _defaults(row) if value is None else value
    if kind in SELECT_TYPES:
        empty = not chosen and not row.get("required", True)
        return {"values": [] if empty else selection(world, user_id, row, chosen, resolved)}
    if kind == ComponentType.FILE_UPLOAD:
        if row.get("required", True) and not chosen:
            raise CannotDoError("a file is required")
        return {"values": [upload(world, channel_id, file, resolved) for file in chosen]}
    if kind == ComponentType.CHECKBOX:
        return {"value": row.get("default", False) if value is None else value}
    if kind == ComponentType.RADIO_GROUP:
        return {"value": chosen[0] if isinstance(chosen, list) and chosen else chosen or None}
    return {"values": chosen} if kind == ComponentType.CHECKBOX_GROUP else {}


def _defaults(row: Mapping[str, Any]) -> list[str]:
    offered = [entry["value"] for entry in row.get("options") or () if entry.get("default")]
    return offered or [str(entry["id"]) for entry in row.get("default_values") or ()]
