"""The models that can be offered: what each can do, its defaults and its limits."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from .errors import RequestError
from .types import Defaults, Limits, ModelSpec, Request, Task

SHIPPED = Path(__file__).with_name("catalogue.toml")

#: the schedulers that work with a family, the usual first
SCHEDULERS: dict[str, tuple[str, ...]] = {
    "stable_diffusion": ("DDIM", "DPM++ 2M", "DPM++ 2M Karras", "UniPC", "Euler", "Euler a", "Heun"),
    "flux_kontext": ("Euler flow",),
}

MIN_SCORE = 75  # of 100; what resembles less is not suggested


class Catalogue:
    """Models by id, in their order."""

    def __init__(self, models: Sequence[ModelSpec]) -> None:
        self.models = tuple(models)
        self._by_id = {spec.id: spec for spec in models}

    @classmethod
    def load(cls, *more: Path) -> "Catalogue":
        """The shipped models, and those of further files; an entry there replaces a shipped one of the same id.

        Raises RequestError where an entry cannot be read.
        """
        models: dict[str, ModelSpec] = {}
        for path in (SHIPPED, *more):
            try:
                entries = tomllib.loads(path.read_text(encoding="utf-8"))["models"]
                models |= {entry["id"]: _spec(entry, path.parent) for entry in entries}
            except (OSError, KeyError, TypeError, ValueError) as error:
                raise RequestError(
                    "{path}: cannot be read as a catalogue: {error}", path=str(path), error=str(error)
                ) from error
        return cls(list(models.values()))

    def offered(self, ids: Sequence[str]) -> "Catalogue":
        """A catalogue of these models alone. Raises RequestError where one is unknown."""
        return Catalogue([self.get(model_id) for model_id in ids])

    def get(self, model_id: str) -> ModelSpec:
        """The model with this id. Raises RequestError naming the most similar ones where there is none."""
        if spec := self._by_id.get(model_id):
            return spec
        similar = ", ".join(spec.id for spec in self.search(model_id, limit=3)) or ", ".join(self._by_id)
        raise RequestError("There is no model “{model}”; did you mean {similar}?", model=model_id[:80], similar=similar)

    def title(self, model_id: str) -> str:
        """What people call the model; its id where it is not offered any more."""
        spec = self._by_id.get(model_id)
        return spec.title if spec else model_id

    def first(self, task: Task) -> ModelSpec:
        """The model that does a task where none was chosen. Raises RequestError where none does."""
        for spec in self.models:
            if task in spec.tasks:
                return spec
        raise RequestError("No model here can do {task}; the operator can add one.", task=task.value)

    def search(self, text: str, task: Task | None = None, limit: int = 25) -> list[ModelSpec]:
        """Models whose id, title or description resembles the text, the most similar first; all where it is empty."""
        able = [spec for spec in self.models if task is None or task in spec.tasks]
        if not text.strip():
            return able[:limit]
        names = {spec.id: f"{spec.id} {spec.title} {spec.description}" for spec in able}
        found = process.extract(
            text, names, scorer=fuzz.partial_ratio, processor=default_process, limit=limit, score_cutoff=MIN_SCORE
        )
        return [self._by_id[model_id] for _, _, model_id in found]

    def check(self, request: Request) -> None:
        """Raise RequestError, in one sentence, where the request's model cannot do it."""
        spec = self.get(request.model)
        if request.task not in spec.tasks:
            able = ", ".join(other.id for other in self.models if request.task in other.tasks) or "none here"
            raise RequestError(
                "{model} cannot do {task}; these can: {able}.", model=spec.title, task=request.task.value, able=able
            )
        _check_size(spec, request)
        if request.task is not Task.UPSCALE:
            _check_settings(spec, request)


def _check_size(spec: ModelSpec, request: Request) -> None:
    limits = spec.limits
    for side in (request.width, request.height):
        if not limits.min_side <= side <= limits.max_side:
            raise RequestError(
                "{model} makes sides of {low} to {high} pixels; {width}×{height} is not possible.",
                model=spec.title,
                low=limits.min_side,
                high=limits.max_side,
                width=request.width,
                height=request.height,
            )
        if side % limits.multiple:
            raise RequestError(
                "{model} makes sides that are multiples of {multiple} pixels; {width}×{height} is not possible.",
                model=spec.title,
                multiple=limits.multiple,
                width=request.width,
                height=request.height,
            )


def _check_settings(spec: ModelSpec, request: Request) -> None:
    limits, steps = spec.limits, request.num_inference_steps
    if not 1 <= steps <= limits.max_steps:
        raise RequestError("num_inference_steps must be between 1 and {most}.", most=limits.max_steps)
    if not 0 <= request.guidance_scale <= limits.max_guidance:
        raise RequestError("guidance_scale must be between 0 and {most}.", most=f"{limits.max_guidance:g}")
    if request.scheduler not in spec.schedulers:
        raise RequestError(
            "{model} has no scheduler “{scheduler}”; choose one of {known}.",
            model=spec.title,
            scheduler=request.scheduler[:80],
            known=", ".join(spec.schedulers),
        )
    for strength in request.strengths or (request.strength,):
        if strength is not None:
            _check_strength(strength, steps)


def _check_strength(strength: float, steps: int) -> None:
    if not 0 < strength <= 1:
        raise RequestError("strength must be above 0 and at most 1.")
    if int(steps * strength) == 0:
        raise RequestError(
            "At {steps} steps a strength of {strength} would change nothing; use at least {least}, or more steps.",
            steps=steps,
            strength=f"{strength:g}",
            least=f"{smallest_strength(steps):g}",
        )


def smallest_strength(num_inference_steps: int) -> float:
    """The smallest strength, in hundredths, at which at least one step is run: int(steps × strength) >= 1."""
    return next(hundredths / 100 for hundredths in range(1, 101) if int(num_inference_steps * hundredths / 100) >= 1)


def _spec(entry: dict[str, Any], folder: Path) -> ModelSpec:
    source = folder / entry["source"]
    return ModelSpec(
        **{
            **entry,
            "tasks": frozenset(Task(task) for task in entry["tasks"]),
            "source": str(source) if source.exists() else entry["source"],
            "samples": tuple(entry.get("samples", ())),
            "composition": tuple(entry.get("composition", ())),
            "schedulers": SCHEDULERS.get(entry["family"], ()),
            "defaults": Defaults(**entry["defaults"]),
            "limits": Limits(**entry["limits"]),
        }
    )
