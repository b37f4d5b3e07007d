"""Validates request bodies against Discord's own description of its interface."""

import json
import re
import warnings
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from sandbox.rest import Call

#: Discord's description lies beside the project; without it, bodies are not validated
DESCRIPTION = Path(__file__).parents[2] / "shared" / "discord-openapi.json"

#: the description asks for an object with languages; Discord's documentation and discord.py have a text
TEXT_IN_DOCS = {("PATCH", "/applications/@me")}


@cache
def _description() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(DESCRIPTION.read_text())
    # Media channels stand in Discord's documentation and are missing here.
    document["components"]["schemas"]["ChannelTypes"]["oneOf"].append({"title": "GUILD_MEDIA", "const": 16})
    return document


@cache
def _validator(path: str, method: str) -> Draft202012Validator | None:
    body = _description()["paths"][path].get(method, {}).get("requestBody")
    if body is None:
        return None
    resource = Resource.from_contents(_description(), default_specification=DRAFT202012)
    registry = Registry().with_resource("discord", resource)
    kinds = body["content"]
    kind = "application/json" if "application/json" in kinds else next(iter(kinds))
    pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in ("paths", path, method))
    reference = f"discord#/{pointer}/requestBody/content/{kind.replace('/', '~1')}/schema"
    return Draft202012Validator({"$ref": reference}, registry=registry)


@cache
def _template(path: str) -> str | None:
    """The description's path that this path is an instance of, the one with most fixed parts."""
    found = [
        template for template in _description()["paths"] if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path)
    ]
    return min(found, key=lambda template: template.count("{"), default=None)


def _normal(body: Any) -> Any:
    """discord.py sends some ids as numbers where the description wants text; Discord takes both."""
    if isinstance(body, list):
        return [_normal(item) for item in body]
    if not isinstance(body, dict):
        return body
    return {key: _ids(value) if _has_ids(key, value) else _normal(value) for key, value in body.items()}


def _has_ids(key: str, value: Any) -> bool:
    if isinstance(value, list):  # of whom a message may mention
        return key in ("users", "roles") and all(isinstance(each, int) for each in value)
    return isinstance(value, int) and (key.endswith("_id") or key == "id")


def _ids(value: Any) -> Any:
    return [str(each) for each in value] if isinstance(value, list) else str(value)


def problems(call: Call) -> list[str]:
    """What Discord's description has against the call's body."""
    template = _template(call.path)
    if call.body is None or template is None or (call.method, template) in TEXT_IN_DOCS:
        return []
    validator = _validator(template, call.method.lower())
    if validator is None:
        return []
    return [f"{call.method} {call.path}: {error.message[:300]}" for error in validator.iter_errors(_normal(call.body))]


def check_bodies(calls: Iterable[Call]) -> None:
    """Assert that every body the bot sent is one that Discord describes; a note where the description is absent."""
    if not DESCRIPTION.exists():
        warnings.warn(f"bodies are not validated: {DESCRIPTION.name} does not lie beside the project", stacklevel=2)
        return
    found = [problem for call in calls for problem in problems(call)]
    assert not found, "\n".join(found[:10])
