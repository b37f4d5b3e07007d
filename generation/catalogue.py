"""The models that can be offered: what each can do, its defaults and its limits."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeVar

from rapidfuzz import fuzz, process
from rapidfuzz.utils import default_process

from .catalogue_files import SHIPPED, read_file
from .errors import RequestError
from .families import wrong_precision
from .pins import Pins
from .strength import smallest_strength, steps_run
from .types import MAX_LORA_WEIGHT, MAX_LORAS, Loading, LoraSpec, ModelSpec, Request, Task

MIN_SCORE = 75  # of 100; what resembles less is not suggested
MIN_NAME_SCORE = 80  # of an id or title that somebody mistyped
GB = 10**9
#: schedulers that leave out steps of the schedule that models were distilled with, and how many that has
DISTILLED, DISTILLED_STEPS = ("LCM", "TCD"), 50
SHOWN = 10  # ids that a sentence names


T = TypeVar("T", ModelSpec, LoraSpec)
K = TypeVar("K", str, int)


class Catalogue:
    """Models by id, in their order, each with the LoRAs that fit it."""

    def __init__(self, models: Iterable[ModelSpec], loras: Iterable[LoraSpec] = ()) -> None:
        """Offer these models, each with those of the LoRAs that fit it."""
        self._loras = {spec.id: spec for spec in loras}
        self.models = tuple(replace(spec, loras=self._fitting(spec)) for spec in models)
        #: those that fit at least one of the models
        self.loras = tuple(lora for lora in self._loras.values() if any(lora in spec.loras for spec in self.models))
        self._by_id = {spec.id: spec for spec in self.models}

    @classmethod
    def load(cls, *more: Path, own: Sequence[ModelSpec] = ()) -> "Catalogue":
        """Load the shipped models and LoRAs, those of further files, and the operator's own.

        An entry replaces an earlier one of the same id. Raises RequestError if a file cannot be used.
        """
        models: dict[str, ModelSpec] = {}
        loras: dict[str, LoraSpec] = {}
        for path in (SHIPPED, *more):
            found, adapters = read_file(path)
            models |= {spec.id: spec for spec in found}
            loras |= {spec.id: spec for spec in adapters}
        models |= {spec.id: spec for spec in own}
        return cls(models.values(), loras.values())

    def pinned(self, pins: Pins) -> "Catalogue":
        """Return the same models and LoRAs, each at the commit and with the size that its download recorded."""
        return Catalogue(
            (replace(spec, loras=(), **_recorded(spec, pins, size=True)) for spec in self.models),
            (replace(lora, **_recorded(lora, pins, size=False)) for lora in self._loras.values()),
        )

    def loading(self, how: Callable[[str], Loading | None], where: str) -> "Catalogue":
        """Return the same models, each loaded as ``how`` says for its id; None keeps its entry's settings.

        Raises RequestError beginning with ``where`` if a model cannot be run in that precision.
        """
        models = [replace(spec, loading=how(spec.id) or spec.loading) for spec in self.models]
        for spec in models:
            if wrong := wrong_precision(spec.family, spec.loading.precision):
                raise RequestError(
                    "{where}: {name}: {problem}", where=where, name=spec.id, problem=f"precision {wrong}"
                )
        return Catalogue(models, self._loras.values())

    def costing(self, cost: Callable[[str], int]) -> "Catalogue":
        """Return the same models, each with the cost that ``cost`` gives for its id."""
        return Catalogue((replace(spec, cost=cost(spec.id)) for spec in self.models), self._loras.values())

    def only(self, allows: Callable[[str], bool]) -> "Catalogue":
        """Return a catalogue of only the models whose id is allowed."""
        return Catalogue((spec for spec in self.models if allows(spec.id)), self._loras.values())

    def offered(self, patterns: Sequence[str]) -> "Catalogue":
        """Return a catalogue of only the models with these ids; "*" in a pattern stands for any letters.

        Raises RequestError if an id is unknown or a pattern matches none.
        """
        chosen: dict[str, ModelSpec] = {}
        for pattern in patterns:
            found = matching(self.models, pattern) if "*" in pattern else [self.get(pattern)]
            if not found:
                raise RequestError("No model's id matches “{pattern}”.", pattern=pattern)
            chosen |= {spec.id: spec for spec in found if spec.id not in chosen}
        return Catalogue(chosen.values(), self._loras.values())

    def get(self, model_id: str, task: Task | None = None) -> ModelSpec:
        """Return the model with this id.

        Raises RequestError if there is none, naming the most similar ones, of those that do the ``task`` if one is
        given.
        """
        if spec := self._by_id.get(model_id):
            return spec
        names = {spec.id: f"{spec.id} {spec.title}" for spec in self.models if task is None or task in spec.tasks}
        if similar := ", ".join(_closest(model_id, names, limit=3, least=MIN_NAME_SCORE)):
            raise RequestError(
                "There is no model “{model}”; did you mean {similar}?", model=model_id[:80], similar=similar
            )
        known = ", ".join([*(names or self._by_id)][:SHOWN])
        raise RequestError("There is no model “{model}”; there are {known}.", model=model_id[:80], known=known)

    def lora(self, lora_id: str) -> LoraSpec:
        """Return the LoRA with this id. Raises RequestError, naming the most similar ones, if there is none."""
        if spec := self._loras.get(lora_id):
            return spec
        similar = ", ".join(spec.id for spec in resembling(self.loras, lora_id, 3) or self.loras[:SHOWN])
        if not similar:
            raise RequestError("No LoRA fits the models here; the operator can add some.")
        raise RequestError("There is no LoRA “{lora}”; did you mean {similar}?", lora=lora_id[:80], similar=similar)

    def title(self, model_id: str) -> str:
        """Return the model's title, or its id if it is no longer offered."""
        spec = self._by_id.get(model_id)
        return spec.title if spec else model_id

    def first(self, task: Task, loras: Collection[str] = ()) -> ModelSpec:
        """Return the default model for a task, preferably one that these LoRAs fit.

        Raises RequestError if no model does the task.
        """
        able = [spec for spec in self.models if task in spec.tasks]
        if able:
            return next((spec for spec in able if {lora.id for lora in spec.loras}.issuperset(loras)), able[0])
        raise RequestError("No model here can do {task}; the operator can add one.", task=task.value)

    def search(self, text: str, task: Task | None = None, limit: int = 25) -> list[ModelSpec]:
        """Models whose id, title or description resembles the text, the most similar first; all if it is empty."""
        return resembling([spec for spec in self.models if task is None or task in spec.tasks], text, limit)

    def check(self, request: Request) -> None:
        """Raise RequestError if the request's model cannot do it."""
        spec = self.get(request.model)
        if request.task not in spec.tasks:
            able = ", ".join([other.id for other in self.models if request.task in other.tasks][:SHOWN]) or "none here"
            raise RequestError(
                "{model} cannot do {task}; these can: {able}.", model=spec.title, task=request.task.value, able=able
            )
        if request.task is Task.EDIT and len(request.images) > spec.limits.max_images:
            raise RequestError(
                "{model} starts an edit from at most {most} picture(s), not {count}.",
                model=spec.title,
                most=spec.limits.max_images,
                count=len(request.images),
            )
        _check_size(spec, request)
        if request.task is not Task.UPSCALE:
            _check_settings(spec, request)
        self._check_loras(spec, request)

    def _check_loras(self, spec: ModelSpec, request: Request) -> None:
        if len(request.loras) > MAX_LORAS:
            raise RequestError("At most {most} LoRAs can be used at once.", most=MAX_LORAS)
        for lora_id, weight in request.loras:
            lora = self.lora(lora_id)
            if lora not in spec.loras:
                fitting = ", ".join([other.id for other in self.models if lora in other.loras][:SHOWN])
                raise RequestError(
                    "The LoRA {lora} does not fit {model}; it fits {fitting}.",
                    lora=lora.title,
                    model=spec.title,
                    fitting=fitting or "none here",
                )
            if not -MAX_LORA_WEIGHT <= weight <= MAX_LORA_WEIGHT:
                raise RequestError("A LoRA's weight must be between -{most} and {most}.", most=f"{MAX_LORA_WEIGHT:g}")

    def _fitting(self, spec: ModelSpec) -> tuple[LoraSpec, ...]:
        return tuple(lora for lora in self._loras.values() if lora.family == spec.family and _fits(lora, spec.id))


def _fits(lora: LoraSpec, model_id: str) -> bool:
    wanted = [pattern for pattern in lora.models if not pattern.startswith("!")]
    others = [pattern[1:] for pattern in lora.models if pattern.startswith("!")]
    return any(fnmatchcase(model_id, each) for each in wanted) and not any(
        fnmatchcase(model_id, each) for each in others
    )


def _recorded(spec: ModelSpec | LoraSpec, pins: Pins, *, size: bool) -> dict[str, Any]:
    pin = pins.get(spec.id)
    if pin is None or pin.source != spec.source:
        return {}
    return {"revision": pin.revision} | ({"weights": round(pin.size / GB, 1)} if size else {})


def matching(specs: Iterable[ModelSpec], *patterns: str) -> list[ModelSpec]:
    """Return the models whose id one of the patterns matches; "*" stands for any letters."""
    return [spec for spec in specs if any(fnmatchcase(spec.id, pattern) for pattern in patterns)]


def resembling(specs: Sequence[T], text: str, limit: int) -> list[T]:
    """Those whose id, title or description resembles the text, the most similar first; all if it is empty."""
    if not text.strip():
        return list(specs[:limit])
    names = {place: f"{spec.id} {spec.title} {spec.description}" for place, spec in enumerate(specs)}
    return [specs[place] for place in _closest(text, names, limit=limit, least=MIN_SCORE)]


def _closest(text: str, names: Mapping[K, str], *, limit: int, least: int) -> list[K]:
    """The keys of the names that resemble the text by at least ``least`` of 100, the most similar first."""
    found = process.extract(
        text, names, scorer=fuzz.partial_ratio, processor=default_process, limit=limit, score_cutoff=least
    )
    return [key for _, _, key in found]


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
    if request.scheduler in DISTILLED and steps > DISTILLED_STEPS:
        raise RequestError(
            "{scheduler} has at most {most} steps; ask for fewer, or choose another scheduler.",
            scheduler=request.scheduler,
            most=DISTILLED_STEPS,
        )
    if not 0 <= request.guidance_scale <= limits.max_guidance:
        raise RequestError("guidance_scale must be between 0 and {most}.", most=f"{limits.max_guidance:g}")
    asked = {name for name, _ in request.loras}
    known = dict.fromkeys([*spec.schedulers, *(each.scheduler for each in spec.loras if each.id in asked)])
    if request.scheduler not in known:
        raise RequestError(
            "{model} has no scheduler “{scheduler}”; choose one of {known}.",
            model=spec.title,
            scheduler=request.scheduler[:80],
            known=", ".join(filter(None, known)),
        )
    for strength in request.strengths or (request.strength,):
        if strength is not None:
            _check_strength(strength, steps)


def _check_strength(strength: float, steps: int) -> None:
    if not 0 < strength <= 1:
        raise RequestError("strength must be above 0 and at most 1.")
    if steps_run(steps, strength) == 0:
        raise RequestError(
            "At {steps} steps a strength of {strength} would change nothing; use at least {least}, or more steps.",
            steps=steps,
            strength=f"{strength:g}",
            least=f"{smallest_strength(steps):g}",
        )
