"""A request made again as a form says: its fields as text, and flags in its prompt. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.errors import Refusal
from bot.requests.builder import BuiltRequest, Options, check_prompt, chosen_or, enough_steps, new_seed, with_flags
from bot.requests.flags import MAX_COUNT, MAX_GUIDANCE, MAX_STEPS, read_flags
from bot.requests.loras import read_loras, with_triggers
from bot.requests.notes import left_out_notes, no_effect, vocabulary_notes
from bot.requests.offered_models import model_named, scheduler_named
from bot.requests.sizes import wished_size
from bot.requests.strengths import POLISH
from bot.requests.styles import apply_style
from bot.requests.words.numbers import read_number, read_seed, read_strength, read_whole
from bot.text.sanitize import strip_control_characters
from generation import Catalogue, ModelSpec, Request, Sentence, Task, images

#: of tasks whose pictures have the size that is asked for
SIZED = (Task.TXT2IMG, Task.IMG2IMG)
NO_STYLES: Mapping[str, str] = {}


def edit_request(
    catalogue: Catalogue,
    request: Request,
    filled_in: Mapping[str, str],
    parent: str | None = None,
    styles: Mapping[str, str] = NO_STYLES,
) -> BuiltRequest:
    """The request made again with fields changed, as text from a modal; an empty seed is a new one.

    Flags in its prompt count as in a command; ``styles`` are those that the member may name there. Raises Refusal or
    generation.RequestError with a sentence if a field cannot be used.
    """
    fields = read_fields(filled_in)
    options = _apply_flags(fields, filled_in.get("prompt", ""), styles)
    if fields.get("seed", 0) is None:
        fields["seed"] = new_seed()
    after, notes = _with_choices(catalogue, replace(request, **fields), options, request)
    if "prompt" in filled_in:
        check_prompt(after.prompt)
    if any(not path.exists() for path in after.images):
        raise Refusal("The picture that this was made from is no longer kept; attach it again with /img2img.")
    catalogue.check(after)
    return BuiltRequest(request=after, notes=notes, parent=parent)


def _apply_flags(fields: dict[str, Any], prompt: str, styles: Mapping[str, str]) -> Options:
    """Read the flags of a form's prompt into its fields; returns them all as options, the style's words in the prompt.

    Raises Refusal if a value is invalid or there is no such style.
    """
    options = with_flags(Options(prompt=fields.get("prompt", "")))
    options = apply_style(options, styles, options.style)
    if options.prompt != fields.get("prompt", ""):
        fields["prompt"] = options.prompt
    flags = read_flags(prompt).values
    for name in ("seed", "negative_prompt", "count", "num_inference_steps", "guidance_scale", "strength"):
        if name in flags:
            fields[name] = getattr(options, name)
    return options


def _with_choices(
    catalogue: Catalogue, request: Request, options: Options, before: Request
) -> tuple[Request, tuple[Sentence, ...]]:
    """The request with the model, scheduler, LoRAs and size of flags, and what is said of flags that do nothing."""
    said, no_use = left_out_notes(options.unknown), []
    if options.model:
        request = _with_model(catalogue, request, options.model, before)
    spec = catalogue.get(request.model)
    if options.scheduler:
        request = replace(request, scheduler=scheduler_named(spec, options.scheduler) or request.scheduler)
    if options.lora:
        loras = read_loras(options.lora, catalogue)
        prompt, triggers = with_triggers(request.prompt, [catalogue.lora(name) for name, _ in loras])
        request, said = replace(request, prompt=prompt, loras=loras), (*said, *triggers)
    if options.size:
        width, height = images.fit_size(*wished_size(options.size, spec), spec)
        if request.task in SIZED:
            request = replace(request, width=width, height=height)
        else:
            no_use.append("size")
    if request.strength is not None and before.strength is None:
        request = replace(request, strength=None)
        no_use.append("strength")
    heard = _heard(spec, request) if request.prompt != before.prompt else ()
    return request, (*heard, *said, *(no_effect(name) for name in no_use))


def _heard(spec: ModelSpec, request: Request) -> tuple[Sentence, ...]:
    """What is said of new words: which the model does not know, and that little of the picture may follow them."""
    notes = vocabulary_notes(spec, request.prompt)
    if request.strength is None or request.strength > POLISH:
        return notes
    return (
        *notes,
        Sentence(
            "At a strength of {strength} new words change little; write a higher one for more.",
            {"strength": request.strength},
        ),
    )


def _with_model(catalogue: Catalogue, request: Request, name: str, before: Request) -> Request:
    """The request for another model: at its own usual settings, but for those that were changed with it.

    Raises generation.RequestError if there is no such model.
    """
    spec = catalogue.get(model_named(catalogue, name), request.task)
    if spec.id == before.model:
        return request
    usual = spec.defaults
    settings: dict[str, Any] = {
        "num_inference_steps": enough_steps(usual.num_inference_steps, request.strength),
        "guidance_scale": usual.guidance_scale,
        "negative_prompt": before.negative_prompt or usual.negative_prompt,
    }
    changed = {name: value for name, value in settings.items() if getattr(request, name) == getattr(before, name)}
    if request.task in SIZED:
        changed["width"], changed["height"] = images.fit_size(request.width, request.height, spec)
    scheduler = request.scheduler if request.scheduler in spec.schedulers else usual.scheduler
    return replace(request, model=spec.id, scheduler=scheduler, **changed)


def read_fields(filled_in: Mapping[str, str]) -> dict[str, Any]:
    """A modal's texts as a request's fields. Raises Refusal if a number is not one."""
    return {name: _read_field(name, text) for name, text in filled_in.items()}


def _read_field(name: str, text: str) -> object:
    match name:
        case "seed":
            return chosen_or(read_seed(text), new_seed())
        case "num_inference_steps":
            return read_whole(name, text, 1, MAX_STEPS)
        case "guidance_scale":
            return read_number(name, text, 0.0, MAX_GUIDANCE)
        case "strength":
            return read_strength(text)
        case "count":
            return read_whole(name, text, 1, MAX_COUNT)
        case _:
            return strip_control_characters(text)
