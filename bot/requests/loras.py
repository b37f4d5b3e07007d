"""LoRAs as people write them, “papercut:0.8, ikea”, and the words that call them. Pure."""

from collections.abc import Iterable

from bot.errors import Refusal
from generation import Catalogue, LoraSpec, Sentence

Loras = tuple[tuple[str, float], ...]  # ids and weights


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
                "“{part}” is no LoRA with a weight; write name:0.8, and commas between several.", part=part.strip()[:40]
            ) from None
    return tuple(found.items())


def write_loras(loras: Loras) -> str:
    """The text that read_loras reads."""
    return ", ".join(f"{name}:{weight:g}" for name, weight in loras)


def with_triggers(prompt: str, loras: Iterable[LoraSpec]) -> tuple[str, tuple[Sentence, ...]]:
    """The prompt with a trigger word for each LoRA of which it has none, and the sentences that say so."""
    notes: list[Sentence] = []
    for lora in loras:
        if lora.triggers and not any(word.lower() in prompt.lower() for word in lora.triggers):
            prompt = f"{prompt}, {lora.triggers[0]}" if prompt else lora.triggers[0]
            said = {"words": lora.triggers[0], "lora": lora.title}
            notes.append(Sentence("I added “{words}”, which calls {lora}.", said))
    return prompt, tuple(notes)
