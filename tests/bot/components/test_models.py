"""What members see of the models: pages, and one in full."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.components.models import PAGE, model_embed, models_page
from bot.config import Config
from bot.config.schema import Plan
from bot.interactions.models import usable_models
from bot.store import Store
from bot.text.translate import speaker
from generation import Catalogue

CATALOGUE = Catalogue.load()
SAY = speaker("en-US")
MAX_EMBED, MAX_FIELDS = 6000, 25


def parts(view: Any) -> dict[str, str]:
    """The buttons' labels by custom_id."""
    return {item.custom_id: item.label for item in view.children if item.custom_id.startswith("models:")}


def test_pages_lead_through_all_models_and_back() -> None:
    """The first page leads on, a middle one both ways, the last one back; together they show every model once."""
    seen: list[str] = []
    offset = 0
    while True:
        embed, view = models_page(SAY, CATALOGUE, "", offset)
        seen += [str(field.name) for field in embed.fields]
        following = offset + PAGE
        assert ("Back" in parts(view).values()) == (offset > 0)
        if "More" not in parts(view).values():
            break
        assert f"models:{following}:" in parts(view)
        offset = following
    assert len(seen) == len(set(seen)) == len(CATALOGUE.models)


def test_a_search_stays_with_its_pages() -> None:
    """Turning the page keeps the words, and nothing found is said."""
    embed, view = models_page(SAY, CATALOGUE, "anime", 0)
    assert 0 < len(embed.fields) <= PAGE
    assert f"models:{PAGE}:anime" in parts(view)
    nothing, _ = models_page(SAY, CATALOGUE, "xyzzy", 0)
    assert "No model matches “xyzzy”" in str(nothing.description)


@pytest.mark.parametrize("locale", ["pt-BR", "es-ES"])
def test_what_models_are_good_at_is_said_in_the_member_s_language(locale: str) -> None:
    """Members 25: on pages, in the menu and in full; an operator's own description stays as it was written."""
    say, spec = speaker(locale), CATALOGUE.get("criar-embedded")
    embed, view = models_page(say, CATALOGUE, "criar-embedded", 0)
    (menu,) = [item for item in view.children if isinstance(item, discord.ui.Select)]
    full = model_embed(say, spec)
    for text in (str(embed.fields[0].value), str(menu.options[0].description), str(full.description)):
        assert spec.description not in text
    own = replace(spec, description="our cats {best}")
    assert model_embed(say, own).description == "our cats {best}"


@pytest.mark.parametrize("locale", ["en-US", "pt-BR", "es-ES"])
def test_embeds_stay_within_discord_s_limits(locale: str) -> None:
    """Every page and every model fits into one embed, in every language."""
    say = speaker(locale)
    embeds = [models_page(say, CATALOGUE, "", offset)[0] for offset in range(0, len(CATALOGUE.models), PAGE)]
    embeds += [model_embed(say, spec) for spec in CATALOGUE.models]
    for embed in embeds:
        assert len(embed) <= MAX_EMBED
        assert len(embed.fields) <= MAX_FIELDS
        assert all(0 < len(field.value or "") <= 1024 for field in embed.fields)


def test_one_model_is_shown_with_what_it_is_good_at() -> None:
    """Tasks, how to prompt, licence, cost, samples, composition words and the LoRAs that fit stand in /model."""
    text = str(model_embed(SAY, CATALOGUE.get("sdxl")).to_dict())
    for words in (
        "a megapixel all-rounder", "txt2img", "in sentences", "1024×1024", "OpenRAIL++", "commercial use is allowed",
        "counts 1", "an astronaut in a jungle", "from above", "Papercut (papercut)",
    ):  # fmt: skip
        assert words in text
    (licence,) = (row for row in model_embed(SAY, CATALOGUE.get("sd15-deliberate-5")).fields if row.name == "Licence")
    assert licence.value == "unknown"


async def test_only_the_models_of_one_s_plan_are_suggested(config: Config) -> None:
    """A plan that names patterns hides what it does not include, so that nobody chooses what is refused."""
    config = config.model_copy(update={"plans": {"free": Plan(models=("criar-*", "flux-k*"))}})
    store = Store(config)
    await store.open()
    try:
        client = SimpleNamespace(config=config, store=store, catalogue=CATALOGUE)
        interaction: Any = SimpleNamespace(client=client, user=SimpleNamespace(id=1), guild_id=9, channel=None)
        catalogue = await usable_models(interaction)
    finally:
        await store.close()
    assert [spec.id for spec in catalogue.models] == ["criar-embedded", "flux-krea", "flux-kontext"]
