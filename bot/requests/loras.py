"""LoRAs as people write them, “papercut:0.8, ikea”, and the words that call them. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from bot.errors import Refusal
from generation import Catalogue, Defaults, LoraSpec, ModelSpec, Sentence, take_loras

Loras = tuple[tuple[str, float], ...]  # ids and weights
MADE_FOR = ("num_inference_steps", "guidance_scale", "scheduler")  # settings that a LoRA may bring


def read_loras(text: str | None, catalogue: Catalogue) -> Loras:
    """The ids and weights that a text asks for; without a weight it is the LoRA's usual one.

    Raises Refusal if a weight is no number, and generation.RequestError if there is no such LoRA.
    """
    found: dict[str, float] = {}
    for part in (text or "").split(","):
        name, _, weight = (piece.strip() for piece in part.partition(":"))
        if not name:
            continue
        spec = catalogue.lora(name.lower())
        try:
            found[spec.id] = float(weight) if weight else spec.weight
        except ValueError:
            raise Refusal(
                "“{part}” is not a LoRA with a weight; write name:0.8, with commas between several.",
                part=part.strip()[:40],
            ) from None
    return tuple(found.items())


def write_loras(loras: Loras) -> str:
    """The text that read_loras reads."""
    return ", ".join(f"{name}:{weight:g}" for name, weight in loras)


def from_prompt(prompt: str, model: ModelSpec, chosen: Loras) -> tuple[str, Loras, tuple[str, ...]]:
    """The prompt without its <lora:name:weight>, the LoRAs with those added, and the names that fit none.

    Other tools name LoRAs by their files; ids and titles are understood too. What was chosen beside goes before.
    """
    prompt, tags = take_loras(prompt)
    found, left_out = dict(chosen), []
    for tag in tags:
        name = tag.name.lower()
        lora = next((lora for lora in model.loras if name in _names(lora)), None)
        if lora is None:
            left_out.append(tag.name)
        else:
            found.setdefault(lora.id, lora.weight if tag.weight is None else tag.weight)
    return prompt, tuple(found.items()), tuple(left_out)


def _names(lora: LoraSpec) -> tuple[str, ...]:
    return lora.id, lora.title.lower(), PurePath(lora.file or lora.source).stem.lower()


def with_triggers(prompt: str, loras: Iterable[LoraSpec]) -> tuple[str, tuple[Sentence, ...]]:
    """The prompt with a trigger word for each LoRA of which it has none, and the sentences that say so."""
    notes: list[Sentence] = []
    for lora in loras:
        if lora.triggers and not any(word.lower() in prompt.lower() for word in lora.triggers):
            prompt = f"{prompt}, {lora.triggers[0]}" if prompt else lora.triggers[0]
            said = {"words": lora.triggers[0], "lora": lora.title}
            notes.append(Sentence("I added “{words}”, which activates {lora}.", said))
    return prompt, tuple(notes)


def settings_of(lora: LoraSpec) -> dict[str, Any]:
    """What the LoRA was made for, by the names of a request's fields."""
    return {name: value for name in MADE_FOR if (value := getattr(lora, name)) is not None}


def with_settings(
    usual: Defaults, loras: Iterable[LoraSpec], chosen: Collection[str]
) -> tuple[Defaults, tuple[Sentence, ...]]:
    """A model's defaults with what LoRAs were made for, and the sentences that say so; the first LoRA decides.

    The settings that a person chose, by name, are left as they are.
    """
    notes: list[Sentence] = []
    decided = set(chosen)
    for lora in loras:
        if found := {name: value for name, value in settings_of(lora).items() if name not in decided}:
            usual = replace(usual, **found)
            decided |= found.keys()
            said = {"settings": ", ".join(f"{name} {value}" for name, value in found.items()), "lora": lora.title}
            notes.append(Sentence("I set {settings}, which {lora} was made for.", said))
    return usual, tuple(notes)
