"""Catalogue files: entries, completed by what their family has in common, and validated. Blocks.

A file holds ``[[models]]`` and ``[[loras]]`` in the form of ModelSpec and LoraSpec; only ``id``, ``family`` and
``source`` are needed if the family is one of families.toml.
"""

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from .errors import RequestError
from .families import FAMILIES as RUN_BY
from .types import LoraSpec, ModelSpec
from .validation import allowed

SHIPPED = Path(__file__).with_name("catalogue.toml")
FAMILIES = Path(__file__).with_name("families.toml")

#: the file formats that nothing but weights can be read from
SAFE = (".safetensors", ".gguf")

NOT_WRITTEN = ("loras", "cost")  # fields that are filled in elsewhere

T = TypeVar("T", ModelSpec, LoraSpec)

_MODELS, _LORAS = TypeAdapter(ModelSpec), TypeAdapter(LoraSpec)


def families() -> dict[str, dict[str, Any]]:
    """Return what the models of each family have in common."""
    return tomllib.loads(FAMILIES.read_text(encoding="utf-8"))


def read_file(path: Path) -> tuple[list[ModelSpec], list[LoraSpec]]:
    """Return the models and LoRAs of a catalogue file.

    Raises RequestError, naming file, entry, key and what is allowed, if it cannot be used.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RequestError(
            "{path}: cannot be read as a catalogue: {error}", path=str(path), error=str(error)
        ) from error
    if unknown := ", ".join(tables.keys() - {"models", "loras"}):
        raise RequestError("{path}: {unknown}: it may hold [[models]] and [[loras]]", path=str(path), unknown=unknown)
    where = str(path)
    return (
        read_models(tables.get("models", ()), where, path.parent),
        [_validated(_LORAS, entry, where, path.parent) for entry in _tables(tables.get("loras", ()), where)],
    )


def read_models(entries: Any, where: str, folder: Path) -> list[ModelSpec]:
    """Models from tables as they stand in a file. A source that is a path is relative to ``folder``.

    Raises RequestError beginning with ``where`` if one cannot be used.
    """
    common = families()
    specs = []
    for entry in _tables(entries, where):
        if own := next((key for key in NOT_WRITTEN if key in entry), None):
            _refuse(where, entry, f"{own}: there is no such key")
        family = str(entry.get("family", "missing"))
        if family not in common:
            _refuse(where, entry, f"family: must be one of {', '.join(common)}, not {family!r}")
        spec = _validated(_MODELS, _completed(entry, common[family]), where, folder)
        if family in RUN_BY and not spec.tasks <= RUN_BY[family].tasks:
            _refuse(where, entry, f"tasks: models of {family} do {', '.join(sorted(RUN_BY[family].tasks))} alone")
        if spec.schedulers and spec.defaults.scheduler not in spec.schedulers:
            _refuse(where, entry, f"defaults.scheduler: must be one of {', '.join(spec.schedulers)}")
        specs.append(spec)
    return specs


def _tables(entries: Any, where: str) -> Sequence[Mapping[str, Any]]:
    if not isinstance(entries, list | tuple) or not all(isinstance(entry, Mapping) for entry in entries):
        raise RequestError("{where}: write each entry as a table: [[models]] or [[loras]]", where=where)
    return entries


def _completed(entry: Mapping[str, Any], family: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entry over what its family has in common; its scheduler is the first of those that it works with."""
    whole = {"title": entry.get("id"), **family, **entry}
    if runs := RUN_BY.get(str(entry.get("family"))):
        asked = {"max_images": runs.max_images, "negative_prompt": runs.negative_prompt}
        family = {**family, "limits": {**asked, **family["limits"]}}
    for name in ("defaults", "limits"):
        if isinstance(own := entry.get(name, {}), Mapping):
            whole[name] = {**family[name], **own}
    if isinstance(defaults := whole["defaults"], dict) and isinstance(whole.get("schedulers"), list):
        defaults.setdefault("scheduler", next(iter(whole["schedulers"]), ""))
    return whole


def _validated(kind: "TypeAdapter[T]", entry: Mapping[str, Any], where: str, folder: Path) -> T:
    try:
        # By way of JSON, whose strictness lets lists be tuples and words be tasks, but no text be a number.
        spec = kind.validate_json(json.dumps(entry, default=str), strict=True)
    except ValidationError as error:
        _refuse(where, entry, _problem(error.errors()[0]))
    if spec.file and not spec.file.endswith(SAFE):
        _refuse(where, entry, f"file: must end in {' or '.join(SAFE)}, not {spec.file!r}")
    source = folder / spec.source
    if spec.source.endswith(SAFE) and not source.exists():
        _refuse(where, entry, f"source: there is no file {source}")
    return replace(spec, source=str(source.resolve())) if source.exists() else spec


def _refuse(where: str, entry: Mapping[str, Any], problem: str) -> NoReturn:
    name = str(entry.get("id", "an entry without id"))
    raise RequestError("{where}: {name}: {problem}", where=where, name=name, problem=problem)


def _problem(problem: ErrorDetails) -> str:
    """One of pydantic's errors in the words of config.toml's."""
    key = ".".join(str(part) for part in problem["loc"])
    match problem["type"]:
        case "unexpected_keyword_argument":
            return f"{key}: there is no such key"
        case "missing" | "missing_argument" | "missing_keyword_only_argument":
            return f"{key}: is missing"
    return f"{key}: {allowed(problem)}, not {problem['input']!r}"
