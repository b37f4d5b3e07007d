"""Checks bodies that simcord accepts and Discord refuses: registered commands, suggestions, nonces.

The rules are those of Discord's documentation, "Application Commands" and "Create Message".
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from simcord.backend.errors import BackendError
from simcord.enums import AppCommandType, OptionType

NAME, DESCRIPTION = 32, 100  # characters
OPTIONS, CHOICES, COMMANDS, MENUS = 25, 25, 100, 15
COMMAND_CHARACTERS = 8000  # names, descriptions and values of one command together
NONCE = 25  # characters

_NESTED = (OptionType.SUBCOMMAND, OptionType.SUBCOMMAND_GROUP)
#: a path into the body, and what is wrong there
Problem = tuple[tuple[str, ...], str]


def check(method: str, path: str, body: Any) -> None:
    """Raise BackendError 50035, "Invalid Form Body", if Discord would."""
    parts = path.strip("/").split("/")
    if method == "PUT" and parts[0] == "applications" and parts[-1] == "commands":
        _refuse(list(_commands(body)))
    elif parts[0] == "interactions" and body["type"] == 8:  # the answer to an autocomplete
        choices = body["data"].get("choices", [])
        _refuse([(("data", *place), words) for place, words in _choices(choices)])
    elif isinstance(body, Mapping) and len(str(body.get("nonce", ""))) > NONCE:
        _refuse([(("nonce",), f"Must be {NONCE} or fewer in length.")])


def _refuse(problems: Sequence[Problem]) -> None:
    if not problems:
        return
    errors: dict[str, Any] = {}
    for place, words in problems:
        node = errors
        for part in place:
            node = node.setdefault(part, {})
        node.setdefault("_errors", []).append({"code": "BASE_TYPE_INVALID", "message": words})
    raise BackendError(400, 50035, "Invalid Form Body", errors=errors)


def _commands(body: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    kinds = [(command.get("type", AppCommandType.CHAT_INPUT), command["name"]) for command in body]
    if sum(kind == AppCommandType.CHAT_INPUT for kind, _ in kinds) > COMMANDS:
        yield (), f"Maximum number of application commands reached ({COMMANDS})."
    for menu in (AppCommandType.USER, AppCommandType.MESSAGE):
        if sum(kind == menu for kind, _ in kinds) > MENUS:
            yield (), f"Maximum number of context menu commands reached ({MENUS})."
    for index, command in enumerate(body):
        if kinds.index(kinds[index]) < index:
            yield (str(index), "name"), "Application command names must be unique."
        for place, words in _command(command):
            yield (str(index), *place), words


def _command(command: Mapping[str, Any]) -> Iterator[Problem]:
    if command.get("type", AppCommandType.CHAT_INPUT) == AppCommandType.CHAT_INPUT:
        yield from _named(command)
        yield from _options(command.get("options") or (), depth=0)
    else:
        if not 1 <= len(command["name"]) <= NAME:
            yield ("name",), f"Must be between 1 and {NAME} in length."
        if command.get("description"):
            yield ("description",), "Context menu commands cannot have a description."
    if _characters(command) > COMMAND_CHARACTERS:
        yield (), f"Command exceeds maximum size ({COMMAND_CHARACTERS})."


def _named(item: Mapping[str, Any]) -> Iterator[Problem]:
    """Check name and description of a command or option, in every language."""
    for key in ("name", "name_localizations"):
        names = {"": item["name"]} if key == "name" else item.get(key) or {}
        for locale, name in names.items():
            if not 1 <= len(name) <= NAME or name != name.lower() or not all(map(_allowed, name)):
                yield (
                    tuple(filter(None, (key, locale))),
                    f"“{name}” is not a name: 1 to {NAME} lowercase letters, digits, - or _",
                )
    for key in ("description", "description_localizations"):
        texts = {"": item.get("description") or ""} if key == "description" else item.get(key) or {}
        for locale, text in texts.items():
            if not 1 <= len(text) <= DESCRIPTION:
                yield tuple(filter(None, (key, locale))), f"Must be between 1 and {DESCRIPTION} in length."


def _allowed(character: str) -> bool:
    r"""Discord's ``[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]``."""
    script = unicodedata.name(character, "").partition(" ")[0]
    return character in "-_'" or unicodedata.category(character)[0] in "LN" or script in ("DEVANAGARI", "THAI")


def _options(options: Sequence[Mapping[str, Any]], depth: int) -> Iterator[Problem]:
    if len(options) > OPTIONS:
        yield ("options",), f"Must be {OPTIONS} or fewer in length."
    names = [option["name"] for option in options]
    optional_seen = False
    for index, option in enumerate(options):
        place = ("options", str(index))
        if names.index(option["name"]) < index:
            yield (*place, "name"), "Option names must be unique."
        if option.get("required") and optional_seen:
            yield place, "Required options must be placed before non-required options."
        optional_seen = optional_seen or not option.get("required")
        for inner, words in _option(option, depth):
            yield (*place, *inner), words


def _option(option: Mapping[str, Any], depth: int) -> Iterator[Problem]:
    yield from _named(option)
    if option["type"] in _NESTED:
        if depth > (1 if option["type"] == OptionType.SUBCOMMAND else 0):
            yield ("type",), "Sub-commands are nested too deeply."
        yield from _options(option.get("options") or (), depth + 1)
    if option.get("autocomplete") and option.get("choices"):
        yield ("autocomplete",), "Autocomplete cannot be set together with choices."
    yield from _choices(option.get("choices") or ())


def _choices(choices: Sequence[Mapping[str, Any]]) -> Iterator[Problem]:
    if len(choices) > CHOICES:
        yield ("choices",), f"Must be {CHOICES} or fewer in length."
    for index, choice in enumerate(choices):
        for key in ("name", "value"):
            if isinstance(choice[key], str) and not 1 <= len(choice[key]) <= DESCRIPTION:
                yield ("choices", str(index), key), f"Must be between 1 and {DESCRIPTION} in length."


def _characters(item: Mapping[str, Any]) -> int:
    """Count characters as Discord does: of a text in several languages, only the longest."""
    name = max(map(len, [item["name"], *(item.get("name_localizations") or {}).values()]))
    texts = [item.get("description") or "", *(item.get("description_localizations") or {}).values()]
    value = item.get("value")
    below = (*(item.get("options") or ()), *(item.get("choices") or ()))
    return name + max(map(len, texts)) + (len(value) if isinstance(value, str) else 0) + sum(map(_characters, below))
