"""What the commands that make pictures share: their fields' descriptions and the suggestions while typing."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import discord
from discord import AppCommandOptionType, app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge, person_of, requester_of
from bot.interactions.defaults import apply_defaults, style_owners
from bot.interactions.language import policy_of, speaker_for
from bot.interactions.models import usable_models
from bot.requests.builder import MAX_PROMPT, Options
from bot.requests.offered_models import model_named
from bot.requests.requester import Requester
from bot.requests.sizes import SHAPES, pixels, wished_size
from bot.requests.strengths import HIGH, LOW, MEDIUM, SKETCH
from bot.requests.words.numbers import read_strength
from bot.text.translate import Speaker
from generation import MAX_SEED, Catalogue, ModelSpec, RequestError, Task, images, resembling

T = TypeVar("T")

MAX_CHOICES = 25  # Discord's limit for suggestions
MAX_CHOICE = 100  # characters of one

Count = app_commands.Range[int, 1, 4]
Steps = app_commands.Range[int, 1, 100]
Guidance = app_commands.Range[float, 0.0, 30.0]
Seed = app_commands.Range[int, -1, MAX_SEED]  # -1 is any, as in other programs
Prompt = app_commands.Range[str, 1, MAX_PROMPT]
NegativePrompt = app_commands.Range[str, 0, MAX_PROMPT]

DESCRIPTIONS = {
    "prompt": locale_str("What the picture should show, in words"),
    "negative_prompt": locale_str("What to keep out of the picture"),
    "model": locale_str("Which model draws it; the default is a good start"),
    "count": locale_str("How many pictures, 1 to 4; each counts against your day"),
    "size": locale_str("Shape or size: square, 3:2, 512x384"),
    "num_inference_steps": locale_str("Denoising steps: more take longer and give finer detail"),
    "guidance_scale": locale_str("How closely it follows the prompt; too much looks harsh"),
    "seed": locale_str("The same seed and settings make the same picture"),
    "scheduler": locale_str("How the noise is removed, step by step"),
    "strength": locale_str("How much may change: 0.25 subtle, 0.5 noticeable, 0.8 major, 1 from scratch"),
    "lora": locale_str("LoRAs (styles): papercut:0.8, ikea; up to three that fit the model"),
    "style": locale_str("A saved style, whose words are added to the prompt"),
    "private": locale_str("Only you see the pictures"),
    "spoiler": locale_str("Cover the pictures until someone clicks them"),
    "mask": locale_str("White where the image should be repainted; or make that part of the image transparent"),
    "image2": locale_str("A second picture to take things from"),
    "image3": locale_str("A third picture to take things from"),
    "instruction": locale_str("What to change: make the sky purple"),
    "image": locale_str("The picture to start from: PNG, JPEG, WebP or GIF"),
}

STRENGTHS = (
    (LOW, "0.25 low: subtle changes"),
    (MEDIUM, "0.5 medium: noticeable changes, composition kept by most models"),
    (SKETCH, "0.7 for sketches: redrawn in the sketch's composition"),
    (HIGH, "0.8 high: major changes"),
    (1.0, "1.0 from scratch, like txt2img"),
)

SHAPE_NAMES = {"square": "1:1", "portrait": "2:3", "landscape": "3:2", "wide": "16:9", "tall": "9:16"}


class StrengthOption(app_commands.Transformer):
    """A strength as people write it: 0.5, 0,5, 50% or “strong”. Raises Refusal with the range."""

    @property
    def type(self) -> AppCommandOptionType:
        """Text, since Discord takes neither “50%” nor a word for a number."""
        return AppCommandOptionType.string

    async def transform(self, _: discord.Interaction[Any], value: Any, /) -> float:
        """The strength as a number."""
        return read_strength(str(value))


Strength = app_commands.Transform[float, StrengthOption]


def _chosen_model(interaction: Interaction, task: Task) -> ModelSpec:
    catalogue: Catalogue = interaction.client.catalogue
    try:
        chosen = interaction.namespace.model
        return catalogue.get(model_named(catalogue, chosen)) if chosen else catalogue.first(task)
    except RequestError:
        return catalogue.first(task)


def _task(interaction: Interaction) -> Task:
    name = interaction.command.name if interaction.command else ""
    return Task(name) if name in list(Task) else Task.TXT2IMG


async def suggest_model(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Models of the member's plan that resemble what was typed and can do the command's task."""
    catalogue = await usable_models(interaction)
    return _models(speaker_for(interaction), catalogue.search(typed, task=_task(interaction), limit=MAX_CHOICES))


async def suggest_any_model(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Models of the member's plan that resemble what was typed."""
    catalogue = await usable_models(interaction)
    return _models(speaker_for(interaction), catalogue.search(typed, limit=MAX_CHOICES))


def _models(say: Speaker, specs: Iterable[ModelSpec]) -> list[Choice[str]]:
    return [
        Choice(name=f"{spec.title}: {say.as_it_stands(spec.description)}"[:MAX_CHOICE], value=spec.id) for spec in specs
    ]


async def suggest_lora(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """LoRAs that fit the chosen model, or any if none is chosen; after a comma, one more."""
    catalogue: Catalogue = interaction.client.catalogue
    say = speaker_for(interaction)
    before, comma, last = typed.rpartition(",")
    name, colon, weight = last.strip().partition(":")
    fitting = _chosen_model(interaction, _task(interaction)).loras if interaction.namespace.model else catalogue.loras
    written = {part.partition(":")[0].strip() for part in before.split(",")}
    left = [lora for lora in fitting if lora.id not in written]
    found = [lora for lora in left if colon and lora.id == name] or resembling(left, name, MAX_CHOICES)
    head = f"{before.strip()}, " if comma else ""
    tail = f":{weight}" if weight else ""
    return [
        Choice(
            name=f"{head}{lora.title}{tail}: {say.as_it_stands(lora.description)}"[:MAX_CHOICE],
            value=f"{head}{lora.id}{tail}",
        )
        for lora in found
        if len(head) + len(lora.id) + len(tail) <= MAX_CHOICE
    ]


async def suggest_scheduler(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Schedulers that work with the chosen model."""
    names = _chosen_model(interaction, _task(interaction)).schedulers
    return [Choice(name=name, value=name) for name in names if typed.lower() in name.lower()][:MAX_CHOICES]


async def suggest_size(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Shapes with the size they come to, or the size that was typed as the model will make it."""
    say = speaker_for(interaction)
    spec = _chosen_model(interaction, _task(interaction))

    def choice(label: str, value: str) -> Choice[str]:
        return Choice(name=f"{label} ({pixels(*images.fit_size(*wished_size(value, spec), spec))})"[:100], value=value)

    shapes = [choice(f"{say(name)} {SHAPE_NAMES[name]}", name) for name in SHAPES]
    found = [shape for shape in shapes if typed.lower() in shape.name.lower()]
    if found or not typed or len(typed) > MAX_CHOICE:
        return found or shapes
    try:
        return [choice(typed, typed)]
    except Refusal:
        return shapes


async def suggest_strength(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """The strengths that have a name, explained; and what was typed, as the number that it is."""
    say = speaker_for(interaction)
    named = [Choice(name=say(text), value=f"{value:g}") for value, text in STRENGTHS]
    try:
        value = f"{round(read_strength(typed), 2):g}"
    except Refusal:
        return named
    return [next((choice for choice in named if choice.value == value), Choice(name=value, value=value))] + [
        choice for choice in named if choice.value != value
    ]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class CommandOptions:
    """The options of a command as the person filled them in, checked by discord.py; None was left out."""

    prompt: str | None = None
    negative_prompt: str | None = None
    model: str | None = None
    count: int | None = None
    size: str | None = None
    num_inference_steps: int | None = None
    guidance_scale: float | None = None
    seed: int | None = None
    scheduler: str | None = None
    strength: float | None = None
    lora: str | None = None
    style: str | None = None
    private: bool | None = None
    spoiler: bool | None = None


async def read_options(interaction: Interaction, task: Task, chosen: CommandOptions) -> tuple[Requester, Options]:
    """Acknowledge a command; then who asks, and what for, with their own defaults for what they left out.

    Raises Refusal if a style does not exist, or the bot may not post pictures in the channel.
    """
    await acknowledge(interaction)
    options, private = await apply_defaults(
        interaction.client, person_of(interaction), task, dataclasses.asdict(chosen), chosen.style,
        policy_of(interaction),
    )  # fmt: skip
    if chosen.private is not None:
        private = chosen.private
    return await requester_of(interaction, private=private, spoiler=bool(chosen.spoiler)), options


async def suggest_style(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Saved styles, the member's own and the server's."""
    styles = await interaction.client.store.styles.of(*style_owners(interaction))
    return [Choice(name=name, value=name) for name in styles if typed.lower() in name.lower()][:MAX_CHOICES]


def described(*names: str) -> Callable[[T], T]:
    """Give a command's fields their descriptions."""
    return app_commands.describe(**{name: DESCRIPTIONS[name] for name in names})


def suggesting(*names: str) -> Callable[[T], T]:
    """Give a command's fields their suggestions."""
    suggestions: dict[str, Any] = {name: SUGGESTIONS[name] for name in names}
    return app_commands.autocomplete(**suggestions)


SUGGESTIONS = {
    "model": suggest_model,
    "size": suggest_size,
    "scheduler": suggest_scheduler,
    "strength": suggest_strength,
    "style": suggest_style,
    "lora": suggest_lora,
}
