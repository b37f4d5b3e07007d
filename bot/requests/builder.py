"""What a person asked for becomes a Request: gaps filled, sizes fitted, everything changed is said. Pure."""

import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bot.errors import Refusal
from bot.requests.flags import read_flags, read_values
from bot.requests.loras import (
    MADE_FOR,
    from_prompt,
    read_loras,
    settings_of,
    with_settings,
    with_triggers,
    write_loras,
)
from bot.requests.notes import (
    cost_notes,
    left_out_notes,
    lora_notes,
    negative_prompt_notes,
    no_effect,
    received,
    size_note,
    vocabulary_notes,
)
from bot.requests.offered_models import can, model_named, scheduler_named
from bot.requests.sizes import is_size, pixels, wished_size
from bot.requests.strengths import DEFAULTS
from bot.text.sanitize import escape_for_discord, is_blank, strip_control_characters
from generation import (
    MAX_SEED,
    Catalogue,
    ModelSpec,
    Parameters,
    Request,
    Sentence,
    Task,
    fewest_steps,
    images,
)

T = TypeVar("T")

MAX_SHOWN_SIZE = 100  # characters of a size as it was typed that are shown
ANOTHER_SHAPE = 1.25  # how much longer or shorter the sides are, compared, than was asked for
MAX_PROMPT = 4000  # characters; what a modal's field may have. The job's message shows the beginning


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
    #: as read_loras reads it
    lora: str | None = None
    #: of a flag: a saved style's name, until its words are in the prompt
    style: str | None = None
    #: of a flag: without the member's default style
    raw: bool = False
    #: flags that we have nothing like
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The picture that a request starts from, as it was received and kept."""

    path: Path
    #: what the person calls it
    name: str
    width: int
    height: int
    #: what was done to it on receipt, as sentences' templates and parameters
    notes: tuple[Sentence, ...] = ()
    #: id of the picture, if it is one of ours
    picture: str | None = None
    #: whether it came covered, as what is made of it stays
    spoiler: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltRequest:
    """A request, and the sentences about what was received, rounded or clamped."""

    request: Request
    notes: tuple[Sentence, ...] = ()
    #: id of the picture that it starts from, if that is one of ours
    parent: str | None = None
    #: whether it starts from a covered picture
    spoiler: bool = False


def with_flags(options: Options) -> Options:
    """The options with those that stand in the prompt as flags, which leave it.

    Raises Refusal with the range if a flag's value is out of it.
    """
    flags = read_flags(options.prompt)
    if not flags.found:
        return options
    values: dict[str, Any] = read_values(flags.values)
    return replace(options, prompt=flags.text, unknown=(*options.unknown, *flags.unknown), **values)


def build_request(
    catalogue: Catalogue, task: Task, options: Options, source: Source | None = None, more: tuple[Path, ...] = ()
) -> BuiltRequest:
    """The request for what a person filled in; ``more`` are further inputs, such as a mask.

    Raises Refusal or generation.RequestError with a sentence if it cannot be carried out.
    """
    options = with_flags(options)
    loras = read_loras(options.lora, catalogue)
    spec = (
        catalogue.get(model_named(catalogue, options.model), task)
        if options.model
        else catalogue.first(task, [name for name, _ in loras])
    )
    prompt = strip_control_characters(options.prompt)
    check_prompt(prompt)
    if len(prompt) > MAX_PROMPT:
        raise Refusal("The prompt has {length} characters; shorten it to {most}.", length=len(prompt), most=MAX_PROMPT)
    prompt, loras, left_out = from_prompt(prompt, spec, loras)
    adapters = [catalogue.lora(name) for name, _ in loras]
    prompt, trigger_notes = with_triggers(prompt, adapters)
    chosen = {name for name in MADE_FOR if getattr(options, name) is not None}
    defaults, setting_notes = with_settings(spec.defaults, adapters, chosen)
    (width, height), size_notes = _size(spec, options.size, source)
    strength = chosen_or(options.strength, DEFAULTS[task]) if task in DEFAULTS else None
    request = Request(
        task=task,
        model=spec.id,
        prompt=prompt,
        negative_prompt=strip_control_characters(chosen_or(options.negative_prompt, defaults.negative_prompt)),
        seed=new_seed() if options.seed is None or options.seed < 0 else options.seed,
        width=width,
        height=height,
        num_inference_steps=chosen_or(
            options.num_inference_steps, enough_steps(defaults.num_inference_steps, strength)
        ),
        guidance_scale=chosen_or(options.guidance_scale, defaults.guidance_scale),
        strength=strength,
        scheduler=scheduler_named(spec, options.scheduler) or defaults.scheduler,
        count=options.count,
        images=(source.path, *more) if source else (),
        loras=loras,
    )
    catalogue.check(request)
    heard = (
        *negative_prompt_notes(spec, request, options.negative_prompt),
        *vocabulary_notes(spec, request.prompt),
        *trigger_notes,
        *setting_notes,
        *left_out_notes(options.unknown),
        *lora_notes(left_out),
        *_without_effect(task, options),
    )
    notes = (*_received(source, request), *size_notes, *heard, *cost_notes(spec))
    return BuiltRequest(
        request=request,
        notes=notes,
        parent=source.picture if source else None,
        spoiler=bool(source and source.spoiler),
    )


def check_prompt(prompt: str) -> None:
    """Raise Refusal if a prompt says nothing that can be seen."""
    if is_blank(prompt):
        raise Refusal("Say what the picture should show; the prompt is empty.")


def enough_steps(steps: int, strength: float | None) -> int:
    """The steps that nobody chose, or as many as the strength needs to run one at least."""
    return steps if strength is None else max(steps, fewest_steps(strength))


def carried_over(options: Options, found: Parameters | None) -> Options:
    """The options with the words that the picture itself carries. Raises Refusal if it carries none."""
    if found is None or not found.prompt:
        raise Refusal("Say in prompt what the picture should show; this picture does not carry its own words.")
    negative = options.negative_prompt if options.negative_prompt is not None else found.negative_prompt or None
    return replace(options, prompt=found.prompt[:MAX_PROMPT], negative_prompt=negative)


def refine_request(
    catalogue: Catalogue,
    style: Request,
    source: Source,
    options: Options,
    strengths: tuple[float, ...] = (),
    *,
    enlarge_first: bool = False,
) -> BuiltRequest:
    """Refine one of our pictures with img2img, keeping model and settings of the request ``style`` if none is chosen.

    With several strengths, one picture of each is made.

    Raises Refusal or generation.RequestError with a sentence if it cannot be carried out.
    """
    options = with_flags(options)
    if options.model:
        options = replace(options, model=model_named(catalogue, options.model))
    same_model = can(catalogue, style.model, Task.IMG2IMG)
    kept: dict[str, Any] = {
        "prompt": options.prompt or style.prompt,
        "negative_prompt": chosen_or(options.negative_prompt, style.negative_prompt),
        "model": options.model or (style.model if same_model else None),
    }
    if same_model and kept["model"] == style.model:
        kept |= {"lora": options.lora or write_loras(style.loras), **_kept_settings(catalogue, style, options)}
    built = build_request(catalogue, Task.IMG2IMG, replace(options, **kept), source)
    request = built.request
    if strengths:
        steps = enough_steps(request.num_inference_steps, min(strengths))
        request = replace(request, num_inference_steps=steps, strengths=strengths, strength=None, count=len(strengths))
    if enlarge_first:
        spec = catalogue.get(request.model)
        width, height = images.fit_size(2 * request.width, 2 * request.height, spec)
        request = replace(request, width=width, height=height, enlarge_first=True)
    catalogue.check(request)
    said = Sentence(
        "It continues with the prompt, model and settings of the picture: {model}.",
        {"model": catalogue.title(request.model)},
    )
    return replace(
        built,
        request=request,
        notes=(
            said,
            *built.notes[len(_received(source, built.request)) :],
        ),
    )


def _kept_settings(catalogue: Catalogue, style: Request, options: Options) -> dict[str, Any]:
    """The settings of a request's sampling, unless LoRAs brought them, or bring their own, and others are chosen."""
    named = {name for name, _ in (*style.loras, *read_loras(options.lora, catalogue))}
    if options.lora and any(settings_of(lora) for lora in catalogue.loras if lora.id in named):
        return {}
    return {
        "num_inference_steps": chosen_or(
            options.num_inference_steps, enough_steps(style.num_inference_steps, options.strength)
        ),
        "guidance_scale": chosen_or(options.guidance_scale, style.guidance_scale),
        "scheduler": chosen_or(options.scheduler, style.scheduler),
    }


def upscale_request(catalogue: Catalogue, source: Source, factor: int, words: str = "") -> BuiltRequest:
    """The request that makes a picture, which shows ``words``, ``factor`` times larger.

    Raises generation.RequestError beyond the limits.
    """
    request = Request(
        task=Task.UPSCALE,
        model=catalogue.first(Task.UPSCALE).id,
        prompt=words,
        width=source.width * factor,
        height=source.height * factor,
        images=(source.path,),
    )
    catalogue.check(request)
    return BuiltRequest(
        request=request, notes=_received(source, request), parent=source.picture, spoiler=source.spoiler
    )


def new_seed() -> int:
    """A seed that nobody can foresee."""
    return secrets.randbelow(MAX_SEED + 1)


def chosen_or(value: T | None, default: T) -> T:
    """The value, or the default if nothing was chosen; zero and the empty text are choices."""
    return default if value is None else value


def _size(spec: ModelSpec, text: str | None, source: Source | None) -> tuple[tuple[int, int], tuple[Sentence, ...]]:
    """The size that is delivered, and what to say if it is not the one that was asked for."""
    wish = wished_size(text, spec) if text else None
    if wish is None and source is not None:
        return images.fit_source(source.width, source.height, spec), ()
    if wish is None:
        return (spec.defaults.width, spec.defaults.height), ()
    size = images.fit_size(*wish, spec)
    shape = (size[0] * wish[1]) / (size[1] * wish[0])
    if size == wish or (not is_size(text or "") and 1 / ANOTHER_SHAPE < shape < ANOTHER_SHAPE):
        return size, ()
    asked = pixels(*wish) if is_size(text or "") else escape_for_discord(text or "", MAX_SHOWN_SIZE)
    return size, (size_note(spec, asked, size),)


def _without_effect(task: Task, options: Options) -> tuple[Sentence, ...]:
    strength = task not in DEFAULTS and options.strength is not None
    given = {"strength": strength, "style": options.style is not None}
    return tuple(no_effect(name) for name, useless in given.items() if useless)


def _received(source: Source | None, request: Request) -> tuple[Sentence, ...]:
    if source is None:
        return ()
    came, made = (source.width, source.height), (request.width, request.height)
    return (*source.notes,) if came == made else (received(source.name, came, made), *source.notes)
