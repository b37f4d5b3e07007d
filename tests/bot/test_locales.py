"""Everything is said in English, Portuguese and Spanish."""

import gettext
import string
from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.commands import COMMANDS
from bot.text import LOCALES, CommandTranslator, Speaker, speaker
from tests.messages import messages

LANGUAGES = ("pt_BR", "es")
MAX_DESCRIPTION, MAX_NAME = 100, 32


def catalogue(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES/criar.po").open("rb") as file:
        return read_po(file, locale=language)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def translations(language: str) -> Iterator[tuple[str, str | None, list[str]]]:
    """Each sentence, its plural, and its translations."""
    for message in catalogue(language):
        if message.id:
            one, many = message.id if isinstance(message.id, tuple) else (message.id, None)
            yield one, many, list(message.string) if isinstance(message.string, tuple) else [str(message.string)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing_and_none_is_left_over(language: str) -> None:
    """The catalogue holds exactly what the source says, and each translation has words."""
    found = {one: (many, texts) for one, many, texts in translations(language)}
    assert {one: many for one, (many, _) in found.items()} == messages()
    assert [one for one, (_, texts) in found.items() if not all(texts)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_places_that_are_filled_in(language: str) -> None:
    """Each {name} of the original stands in every form of its translation, and no other."""
    for one, many, texts in translations(language):
        for text, original in zip(texts, [one, many or one], strict=False):
            assert fields(text) == fields(original), (one, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_compiled_is_what_is_written(language: str) -> None:
    """The .mo files, which are used, say the same as the .po files, which are edited: run make messages."""
    compiled: Any = gettext.translation("criar", LOCALES, [language])
    for one, many, texts in translations(language):
        if many:
            assert [compiled.ngettext(one, many, n) for n in (1, 2)] == texts
        else:
            assert compiled.gettext(one) == texts[0]


@pytest.mark.parametrize("locale", ["pt-BR", "es-ES", "es-419"])
def test_discord_s_codes_of_the_languages_find_their_catalogues(locale: str) -> None:
    """Both Spanish locales of Discord share one catalogue; a language without one is answered in English."""
    assert speaker(locale)("Delete") in ("Apagar", "Borrar")
    assert Speaker("fr")("Delete") == "Delete"
    assert speaker(locale).plural("Your picture is ready.", "Your {n} pictures are ready.", 3).count("3") == 1


@pytest.mark.parametrize("locale", ["pt-BR", "es-ES"])
async def test_translated_commands_stay_within_discord_s_limits(locale: str) -> None:
    """Names have at most 32 characters and descriptions 100, of commands, options and choices."""
    import discord

    translator = CommandTranslator()
    for command in COMMANDS:
        tree: Any = discord.app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
        payload = await command.get_translated_payload(tree, translator)
        for part in _parts(payload):
            names = part.get("name_localizations", {}).get(locale, "")
            described = part.get("description_localizations", {}).get(locale, "")
            assert len(names) <= (MAX_DESCRIPTION if "value" in part else MAX_NAME)
            assert len(described) <= MAX_DESCRIPTION
            if part.get("description"):
                assert described, part["description"]


def _parts(payload: Any) -> Iterator[dict[str, Any]]:
    """A command with its options and choices."""
    yield payload
    for part in [*payload.get("options", ()), *payload.get("choices", ())]:
        yield from _parts(part)
