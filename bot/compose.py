"""What a person asked for becomes a Request: gaps filled, sizes fitted, everything changed is said. Pure."""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from generation import MAX_SEED, Catalogue, ModelSpec, Request, Task, images

from .errors import Refusal
from .text import Value

T = TypeVar("T")

MEDIUM = 0.5  # the strength where nobody chose one: changes that are seen, with the composition kept
MAX_PROMPT = 1500  # characters; the job's message has 2,000 and shows it

_SIZE = re.compile(r"(\d{2,5})\s*[x×*]\s*(\d{2,5})")
_RATIO = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*[:/]\s*(\d{1,4}(?:\.\d+)?)")
SHAPES = {
    "square": (1.0, 1.0),
    "portrait": (2.0, 3.0),
    "landscape": (3.0, 2.0),
    "wide": (16.0, 9.0),
    "tall": (9.0, 16.0),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The fields of a command as the person filled them in; None is left to the model."""

    prompt: str = ""
    negative_prompt: str | None = None
    model: str | None = None
    count: int = 1
    size: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    scheduler: str | None = None
    strength: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The picture that a request starts from, as it was received and kept."""

    path: Path
    #: what the person calls it
    name: str
    width: int
    height: int
    #: what was done to it on receipt, as sentences' templates and parameters
    notes: tuple["Note", ...] = ()


Note = tuple[str, dict[str, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A request, and the sentences about what was received, rounded or clamped."""

    request: Request
    notes: tuple[Note, ...] = ()


def compose(catalogue: Catalogue, task: Task, options: Options, source: Source | None = None) -> Composed:
    """The request for what a person filled in.

    Raises Refusal or generation.RequestError with a sentence where it cannot be carried out.
    """
    spec = catalogue.get(options.model) if options.model else catalogue.first(task)
    prompt = options.prompt.strip()
    if len(prompt) > MAX_PROMPT:
        raise Refusal("The prompt has {length} characters; shorten it to {most}.", length=len(prompt), most=MAX_PROMPT)
    (width, height), size_notes = _size(spec, options.size, source)
    defaults = spec.defaults
    request = Request(
        task=task,
        model=spec.id,
        prompt=prompt,
        negative_prompt=_chosen(options.negative_prompt, defaults.negative_prompt),
        seed=_chosen(options.seed, new_seed()),
        width=width,
        height=height,
        num_inference_steps=_chosen(options.num_inference_steps, defaults.num_inference_steps),
        guidance_scale=_chosen(options.guidance_scale, defaults.guidance_scale),
        strength=_chosen(options.strength, MEDIUM) if source else None,
        scheduler=_chosen(options.scheduler, defaults.scheduler),
        count=options.count,
        images=(source.path,) if source else (),
    )
    catalogue.check(request)
    return Composed(request=request, notes=(*_received(source, request), *size_notes))


def enlarge(catalogue: Catalogue, source: Source, factor: int) -> Composed:
    """The request that makes a picture ``factor`` times larger. Raises generation.RequestError beyond the limits."""
    request = Request(
        task=Task.UPSCALE,
        model=catalogue.first(Task.UPSCALE).id,
        width=source.width * factor,
        height=source.height * factor,
        images=(source.path,),
    )
    catalogue.check(request)
    return Composed(request=request, notes=_received(source, request))


def changed(catalogue: Catalogue, request: Request, filled_in: Mapping[str, str]) -> Composed:
    """The request made again with fields changed, as text from a modal; an empty seed is a new one.

    Raises Refusal or generation.RequestError with a sentence where a field cannot be used.
    """
    fields: dict[str, Any] = {
        name: _number(name, text) if name in _NUMBERS else text.strip() for name, text in filled_in.items()
    }
    request = replace(request, **fields)
    if any(not path.exists() for path in request.images):
        raise Refusal("The picture that this was made from is not kept any more; attach it again with /img2img.")
    catalogue.check(request)
    return Composed(request=request)


_NUMBERS: Mapping[str, type[int] | type[float]] = {
    "seed": int,
    "num_inference_steps": int,
    "strength": float,
    "guidance_scale": float,
}


def _number(name: str, text: str) -> int | float:
    text = text.strip().replace(",", ".")
    if name == "seed" and not text:
        return new_seed()
    try:
        number = _NUMBERS[name](text)
    except ValueError:
        raise Refusal("{name} must be a number, not “{text}”.", name=name, text=text) from None
    if name == "seed" and not 0 <= number <= MAX_SEED:
        raise Refusal("seed must be between 0 and {most}.", most=MAX_SEED)
    return number


def new_seed() -> int:
    """A seed that nobody can foresee."""
    return secrets.randbelow(MAX_SEED + 1)


def _chosen(value: T | None, default: T) -> T:
    return default if value is None else value


def _size(spec: ModelSpec, text: str | None, source: Source | None) -> tuple[tuple[int, int], tuple[Note, ...]]:
    """The size that is delivered, and what to say where it is not the one that was asked for."""
    wish = wished_size(text, spec) if text else None
    if wish is None and source is not None:
        return images.fit_source(source.width, source.height, spec), ()
    if wish is None:
        return (spec.defaults.width, spec.defaults.height), ()
    size = images.fit_size(*wish, spec)
    if size == wish or not _SIZE.fullmatch(text.strip() if text else ""):
        return size, ()
    return size, (
        (
            "{model} cannot make {asked}; the nearest it can is {size}.",
            {"model": spec.title, "asked": pixels(*wish), "size": pixels(*size)},
        ),
    )


def wished_size(text: str, spec: ModelSpec) -> tuple[int, int]:
    """The size in pixels that ``768x512``, ``3:2`` or ``landscape`` asks for; a ratio keeps the model's usual area.

    Raises Refusal where the text is none of these.
    """
    text = text.strip().lower()
    if match := _SIZE.fullmatch(text):
        return int(match[1]), int(match[2])
    ratio = SHAPES.get(text)
    if match := _RATIO.fullmatch(text):
        ratio = float(match[1]), float(match[2])
    if ratio is None or min(ratio) <= 0:
        raise Refusal(
            "“{text}” is no size; write a ratio such as 3:2, a size such as 512x384, or one of {shapes}.",
            text=text[:40],
            shapes=", ".join(SHAPES),
        )
    area = spec.defaults.width * spec.defaults.height
    width = (area * ratio[0] / ratio[1]) ** 0.5
    return round(width), round(area / width)


def pixels(width: int, height: int) -> str:
    """A size as people write it."""
    return f"{width}×{height}"


def _received(source: Source | None, request: Request) -> tuple[Note, ...]:
    if source is None:
        return ()
    came, made = pixels(source.width, source.height), pixels(request.width, request.height)
    said: Note = (
        "I received “{name}”, {came}; the result will be {made}.",
        {"name": source.name, "came": came, "made": made},
    )
    return said, *source.notes


def say_notes(say: Callable[..., str], notes: tuple[Note, ...]) -> str:
    """The notes as lines of small print."""
    return "\n".join(f"-# {say(template, **params)}" for template, params in notes)
