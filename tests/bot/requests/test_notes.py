"""The embedded model is never asked in silence for what it cannot draw, nor recommended for it."""

from pathlib import Path

import pytest

from bot.components.modals.prompt_help import PromptModal
from bot.components.models import model_embed
from bot.requests.notes import vocabulary_notes
from bot.text.translate import speaker
from generation import DRAWABLE_THINGS, Catalogue, unknown_words

SPEC = Catalogue.load().get("criar-embedded")
THINGS = Path(__file__).parents[3] / "training" / "scenes" / "things.txt"


@pytest.mark.parametrize("locale", ["en-US", "pt-BR", "es-ES"])
def test_what_is_recommended_for_it_it_can_draw(locale: str) -> None:
    """Members 5: the hints of /prompt and the samples of /model hold no word that it passes over."""
    say = speaker(locale)
    hints = [str(getattr(label, "component").placeholder) for label in PromptModal(say, SPEC).children]  # noqa: B009
    embed = model_embed(say, SPEC)
    style = next(str(field.value) for field in embed.fields if field.name == say("How to write prompts for it"))
    words = [*hints, *SPEC.samples, *SPEC.composition, style.partition(": ")[2]]
    assert {word: found for word in words if (found := unknown_words(word))} == {}


def test_another_model_is_not_judged_by_its_words() -> None:
    """Only the embedded model's vocabulary is known."""
    other = next(spec for spec in Catalogue.load().models if spec.id != SPEC.id)
    assert vocabulary_notes(other, "cyberpunk city") == ()


def test_the_number_of_things_is_that_of_the_list() -> None:
    """“I can draw 236 things” is counted where training takes them from."""
    assert len([line for line in THINGS.read_text().splitlines() if not line.startswith("#")]) == DRAWABLE_THINGS


@pytest.mark.parametrize(
    ("prompt", "unknown"),
    [
        ("please draw me some very nice cat, thanks", ()),
        ("the cat's hat", ()),
        ("um gato muito bonito numa casa, por favor", ()),
        ("dibújame una manzana que está en la casa", ()),
        ("a cat <lora:papercut:0.8>", ()),
        ("portrait of a woman, cinematic lighting", ("portrait", "woman", "cinematic", "lighting")),
        ("قطة", ("قطة",)),
    ],
)
def test_only_words_that_name_something_are_called_unknown(prompt: str, unknown: tuple[str, ...]) -> None:
    """“I do not know: please, some” would be noise."""
    assert unknown_words(prompt) == unknown
