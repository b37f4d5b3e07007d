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

from . import capabilities
from .errors import RequestError
from .families import FAMILIES as RUN_BY
from .families import wrong_precision
from .model_file import Kind, inspect_apart
from .types import LoraSpec, ModelSpec, Task
from .validation_errors import allowed

SHIPPED = Path(__file__).with_name("catalogue.toml")
FAMILIES = Path(__file__).with_name("families.toml")

#: the file formats that nothing but weights can be read from
SAFE = (".safetensors", ".gguf")

ENLARGED = (1, 2, 4)  # times that a model's pictures may be enlarged

#: families whose weights have the same names and shapes
ALIKE = (
    ("flux", "flux_kontext"),
    ("flux2", "flux2_klein"),
    ("qwen_image", "qwen_image_edit", "qwen_image_edit_plus"),
    ("stable_diffusion", "instruct_pix2pix"),
)

#: families whose adapters' weights have the same names, so that a file does not say for which of them it is
ADAPTED_ALIKE = (
    (
        "flux",
        "flux_kontext",
        "chroma",
        "longcat_image",
        "longcat_image_edit",
        "ovis_image",
        "hunyuan_image",
        "bria_fibo",
    ),
    *ALIKE[1:],
)

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
        [_lora(entry, where, path.parent) for entry in _tables(tables.get("loras", ()), where)],
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
        if wrong := wrong_precision(family, spec.loading.precision):
            _refuse(where, entry, f"loading.precision: {wrong}")
        _check_limits(where, entry, spec)
        spec = _matched(where, entry, spec)
        if spec.schedulers and spec.defaults.scheduler not in spec.schedulers:
            _refuse(where, entry, f"defaults.scheduler: must be one of {', '.join(spec.schedulers)}")
        specs.append(spec)
    return specs


def _check_limits(where: str, entry: Mapping[str, Any], spec: ModelSpec) -> None:
    """Refuse limits that nothing can keep to, and defaults that the limits forbid."""
    limits, usual = spec.limits, spec.defaults
    if limits.multiple < 1 or limits.min_side < 1:
        _refuse(where, entry, "limits.multiple and limits.min_side: must be at least 1")
    if limits.min_side > limits.max_side:
        _refuse(where, entry, f"limits.min_side: {limits.min_side} is above limits.max_side, {limits.max_side}")
    if spec.enlarge not in ENLARGED:
        _refuse(where, entry, f"enlarge: must be one of {', '.join(map(str, ENLARGED))}, not {spec.enlarge}")
    if limits.multiple % spec.enlarge:
        _refuse(where, entry, f"limits.multiple: must be a multiple of enlarge, {spec.enlarge}, not {limits.multiple}")
    for name in ("width", "height"):
        side = getattr(usual, name)
        if not limits.min_side <= side <= limits.max_side or side % limits.multiple:
            allowed = f"a multiple of {limits.multiple} from {limits.min_side} to {limits.max_side}, as limits says"
            _refuse(where, entry, f"defaults.{name}: must be {allowed}, not {side}")
    if usual.num_inference_steps > limits.max_steps:
        most = f"limits.max_steps, {limits.max_steps}"
        _refuse(where, entry, f"defaults.num_inference_steps: {usual.num_inference_steps} is above {most}")
    if not 0 <= usual.guidance_scale <= limits.max_guidance:
        _refuse(where, entry, f"defaults.guidance_scale: must be between 0 and {limits.max_guidance:g}")
    if limits.max_images < 1:
        _refuse(where, entry, "limits.max_images: must be at least 1")


def _matched(where: str, entry: Mapping[str, Any], spec: ModelSpec) -> ModelSpec:
    """The model with the tasks that its weights can do, if they are on this machine. Refuses what does not match."""
    path = _local(spec)
    if path is None:
        return spec
    able = capabilities.of_folder(path) if path.is_dir() else _of_one_file(where, entry, spec, path)
    if able is None or spec.tasks <= able:
        return spec
    if "tasks" in entry or not spec.tasks & able:
        tasks = ", ".join(f'"{task}"' for task in sorted(able)) or "none that this bot knows"
        _refuse(where, entry, f"tasks: the weights of {path.name} can do {tasks} only")
    return replace(spec, tasks=spec.tasks & able)


def _of_one_file(where: str, entry: Mapping[str, Any], spec: ModelSpec, path: Path) -> frozenset[Task] | None:
    found = inspect_apart(path)
    key = "file" if spec.file else "source"
    if not found.usable:
        _refuse(where, entry, f"{key}: {path} is {found.describe()}")
    if found.kind is Kind.ADAPTER:
        _refuse(where, entry, f"{key}: {path} is {found.describe()}; write it as [[loras]]")
    if found.kind not in (Kind.CHECKPOINT, Kind.DENOISER, Kind.OTHER) and found.family != spec.family:
        _refuse(where, entry, f"{key}: {path} is {found.describe()}, which makes no pictures by itself")
    if found.kind is Kind.DENOISER and not spec.base:
        _refuse(where, entry, f"base: is missing; {path.name} is {found.describe()}, so name the folder or repository "
                              "that the text encoders and the autoencoder come from")  # fmt: skip
    alike = next((group for group in ALIKE if found.family in group), (found.family,))
    if found.family and spec.family in RUN_BY and spec.family not in (*alike, "generic"):
        _refuse(where, entry, f'family: {path.name} is {found.describe()}; write family = "{alike[0]}"')
    return capabilities.of_file(found)


def _lora(entry: Mapping[str, Any], where: str, folder: Path) -> LoraSpec:
    """A LoRA or a textual inversion, which is called by its trigger, or by its file's name as elsewhere."""
    spec = _validated(_LORAS, entry, where, folder)
    if spec.num_inference_steps is not None and spec.num_inference_steps < 1:
        _refuse(where, entry, "num_inference_steps: must be at least 1")
    if spec.guidance_scale is not None and spec.guidance_scale < 0:
        _refuse(where, entry, "guidance_scale: must be at least 0")
    path = _local(spec)
    if path is None or path.is_dir():
        return spec
    found = inspect_apart(path)
    if found.kind not in (Kind.ADAPTER, Kind.EMBEDDING):
        _refuse(where, entry, f"source: {path} is {found.describe()}" + "; it is no LoRA" * found.usable)
    alike = next((group for group in ADAPTED_ALIKE if found.family in group), (found.family,))
    if found.family and spec.family not in alike:
        _refuse(where, entry, f'family: {path.name} is {found.describe()}; write family = "{found.family}"')
    if found.kind is Kind.EMBEDDING and not spec.triggers:
        return replace(spec, triggers=(path.stem,))
    return spec


def _local(spec: ModelSpec | LoraSpec) -> Path | None:
    """The file or folder on this machine that the weights are in; None if they are of the hub or come with the bot."""
    source = Path(spec.source)
    if not source.is_absolute() or not source.exists():
        return None
    return source / spec.file if spec.file else source


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
