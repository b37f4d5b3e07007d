"""Bodies that Discord refuses are refused, with the place of what is wrong."""

from typing import Any

import pytest
from simcord.backend.errors import BackendError

from sandbox import request_checks

COMMANDS = "/applications/1/commands"
CHOICE = {"name": "red", "value": "red"}


def command(**changed: Any) -> dict[str, Any]:
    return {"name": "paint", "description": "Make a picture", "type": 1, "options": [], **changed}


def option(name: str = "prompt", **changed: Any) -> dict[str, Any]:
    return {"name": name, "description": "what to see", "type": 3, **changed}


def test_a_good_command_is_accepted() -> None:
    """Twenty-five options, twenty-five choices and names in other scripts are within the limits."""
    options = [option(f"o{n}", choices=[{"name": str(c), "value": c} for c in range(25)]) for n in range(25)]
    localized = {"name_localizations": {"hi": "चित्र", "de": "malen"}}
    request_checks.check("PUT", COMMANDS, [command(options=options, **localized), {"name": "Refine this", "type": 3}])


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"name": "Paint"}, ["name"]),
        ({"name": "two words"}, ["name"]),
        ({"name": "x" * 33}, ["name"]),
        ({"description": ""}, ["description"]),
        ({"description": "x" * 101}, ["description"]),
        ({"name_localizations": {"de": "Malen"}}, ["name_localizations", "de"]),
        ({"options": [option(f"o{n}") for n in range(26)]}, ["options"]),
        ({"options": [option(), option()]}, ["options", "1", "name"]),
        ({"options": [option(), option("late", required=True)]}, ["options", "1"]),
        ({"options": [option(choices=[{"name": str(n), "value": n} for n in range(26)])]}, ["options", "0", "choices"]),
        ({"options": [option(choices=[{"name": "", "value": 1}])]}, ["options", "0", "choices", "0", "name"]),
        ({"options": [option(autocomplete=True, choices=[CHOICE])]}, ["options", "0", "autocomplete"]),
        ({"options": [option(f"o{n}", description="x" * 100, choices=[{"name": "y" * 100, "value": "z" * 100}] * 3)
                      for n in range(25)]}, []),
    ],
)  # fmt: skip
def test_a_command_that_discord_refuses_is_refused(changed: dict[str, Any], place: list[str]) -> None:
    """Each rule of Discord's documentation about names, lengths and order is kept, and the error says where."""
    with pytest.raises(BackendError) as refused:
        request_checks.check("PUT", COMMANDS, [command(**changed)])
    assert (refused.value.status, refused.value.code) == (400, 50035)
    node: Any = refused.value.errors
    for part in ["0", *place]:
        node = node[part]
    assert node["_errors"]


def test_two_commands_of_one_name_are_refused() -> None:
    """Names are unique among commands of a kind."""
    with pytest.raises(BackendError):
        request_checks.check("PUT", COMMANDS, [command(), command()])


def test_more_than_twenty_five_suggestions_are_refused() -> None:
    """The answer to an autocomplete holds at most 25 choices."""
    answer = {"type": 8, "data": {"choices": [{"name": str(n), "value": str(n)} for n in range(26)]}}
    with pytest.raises(BackendError):
        request_checks.check("POST", "/interactions/1/token/callback", answer)


def test_a_long_nonce_is_refused() -> None:
    """A nonce has at most 25 characters."""
    with pytest.raises(BackendError):
        request_checks.check("POST", "/channels/1/messages", {"content": "x", "nonce": "n" * 26})
