"""What members are told of their request: what was received, fitted, left out or costs more. Pure."""

from collections.abc import Sequence

from bot.requests.flags import LINK, written
from bot.requests.sizes import pixels
from bot.text.sanitize import escape_for_discord
from generation import DRAWABLE_THINGS, ModelSpec, Request, Sentence, negative_above, unknown_words

EMBEDDED = "criar-embedded"
MAX_UNKNOWN = 200  # characters of flags that are named
MAX_WORDS, MAX_SHOWN = 8, 200  # unknown words that are named, and characters of them


def vocabulary_notes(spec: ModelSpec, prompt: str) -> tuple[Sentence, ...]:
    """The sentence that names the words of a prompt of which the model will draw nothing; none if it knows them all."""
    words = unknown_words(prompt) if spec.id == EMBEDDED else ()
    if not words:
        return ()
    shown = ", ".join(words[:MAX_WORDS])[:MAX_SHOWN]  # letters and figures, nothing to escape
    return (
        Sentence(
            "{model} can draw {n} things, not: {words}.", {"model": spec.title, "n": DRAWABLE_THINGS, "words": shown}
        ),
    )


def received(name: str, came: tuple[int, int], made: tuple[int, int]) -> Sentence:
    """What came, and the size of what is made of it, both in pixels."""
    return Sentence(
        "I received “{name}”, {came}; the result is {made}.",
        {"name": name, "came": pixels(*came), "made": pixels(*made)},
    )


def size_note(spec: ModelSpec, asked: str, size: tuple[int, int]) -> Sentence:
    """The nearest size that the model can make, if it is not the one that was asked for."""
    return Sentence(
        "{model} cannot make {asked}; the nearest it can is {size}.",
        {"model": spec.title, "asked": asked, "size": pixels(*size)},
    )


def negative_prompt_notes(spec: ModelSpec, request: Request, wish: str | None) -> tuple[Sentence, ...]:
    """What to say of a negative prompt that is not read; of the model's own, nobody asked."""
    if not request.negative_prompt:
        return ()
    if not spec.limits.negative_prompt:
        return (Sentence("{model} has no negative prompt; say what it should show instead.", {"model": spec.title}),)
    if not wish or request.guidance_scale > (least := negative_above(spec.family)):
        return ()
    said = {"model": spec.title, "least": f"{least:g}"}
    return (Sentence("{model} reads a negative prompt only with a guidance_scale above {least}.", said),)


def no_effect(name: str) -> Sentence:
    """What is said of an option that does nothing for the picture that is made."""
    return Sentence("{flag} does nothing here, so I left it out.", {"flag": written(name)})


def left_out_notes(unknown: Sequence[str]) -> tuple[Sentence, ...]:
    """The sentences that name the flags that we have nothing like, and say that links were left out."""
    flags = [flag for flag in dict.fromkeys(unknown) if flag != LINK]
    shown = ", ".join(flags)[:MAX_UNKNOWN]  # letters, figures and hyphens, nothing to escape
    notes = [Sentence("I do not know {unknown}, and left it out.", {"unknown": shown})] if flags else []
    if LINK in unknown:
        notes.append(
            Sentence("I left the link out, since I do not open links; attach the picture itself to start from it.")
        )
    return tuple(notes)


def lora_notes(names: Sequence[str]) -> tuple[Sentence, ...]:
    """What is said of LoRAs in a prompt that do not fit its model."""
    return tuple(
        Sentence(
            "No LoRA “{lora}” fits this model here; I left it out of the prompt.",
            {"lora": escape_for_discord(name, 80)},
        )
        for name in names
    )


def cost_notes(spec: ModelSpec) -> tuple[Sentence, ...]:
    """What an image counts, if that is not 1."""
    if spec.cost == 1:
        return ()
    return (
        Sentence("Each image of {model} counts {cost} against your day.", {"model": spec.title, "cost": spec.cost}),
    )
