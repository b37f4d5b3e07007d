"""Everything is said in English, Portuguese and Spanish."""

import re
import string
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import discord
import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from bot.commands import COMMANDS
from bot.components.modals.edit import EditModal
from bot.components.modals.edit_prompt import EditPromptModal
from bot.components.modals.prompt_help import PromptModal
from bot.components.modals.refine import RefineModal
from bot.components.modals.server_settings import ChannelModal, HowModal, WhereModal
from bot.messages.buttons import cancel_buttons, delivered_buttons, more_buttons, posted_buttons
from bot.messages.costs import Costs
from bot.store import PictureRow, Replies, ServerPolicy, State
from bot.text.translate import LOCALES, CommandTranslator, Speaker, speaker
from generation import Catalogue, Task
from tests.bot.factory import MakeJob
from tests.messages import messages

LANGUAGES = ("pt_BR", "es")
CODES = ("pt-BR", "es-ES", "es-419")  # Discord's, of the same languages
MAX_DESCRIPTION, MAX_NAME = 100, 32  # of commands, options and choices; a choice's name is as long as a description
COMMAND = re.compile(r"(?<![\w/.])/[a-z][a-z0-9-]*(?: (?:save|use|list|delete|show|export|forbid|allow|words))?\b")
MAX_BUTTON, MAX_LABEL = 80, 45  # a label's limit is a modal's title's too


def catalogue(language: str) -> Catalog:
    with (LOCALES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def translations(language: str) -> Iterator[tuple[str, str | None, list[str]]]:
    """Each sentence, its plural, and its translations."""
    for message in catalogue(language):
        if message.id:
            ids = message.id if isinstance(message.id, (tuple, list)) else [message.id]
            yield (
                ids[0],
                ids[1] if len(ids) > 1 else None,
                list(message.string) if isinstance(message.string, tuple) else [str(message.string)],
            )


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_missing(language: str) -> None:
    """Each sentence of the source has a translation with words: add it to the .po file."""
    found = {(one, many) for one, many, texts in translations(language) if all(texts)}
    assert sorted(messages().items() - found) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language: str) -> None:
    """Each entry of the catalogue is said somewhere, and none is kept as obsolete."""
    found = {(one, many) for one, many, _ in translations(language)}
    assert sorted(found - messages().items()) == []
    assert list(catalogue(language).obsolete) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_places_that_are_filled_in(language: str) -> None:
    """Each {name} of the original stands in every form of its translation, and no other."""
    for one, many, texts in translations(language):
        for text, original in zip(texts, [one, many] if many else [one], strict=True):
            assert fields(text) == fields(original), (one, text)


@pytest.mark.parametrize(("locale", "zero"), [("pt-BR", "0 imagem"), ("es-ES", "0 imágenes")])
def test_nothing_is_counted_as_the_language_counts_it(locale: str, zero: str) -> None:
    """Portuguese has none in the singular and Spanish in the plural."""
    assert zero in speaker(locale).plural("{n} picture waits in all.", "{n} pictures wait in all.", 0)


@pytest.mark.parametrize(("locale", "said"), [("pt-BR", "Apagar"), ("es-ES", "Borrar"), ("es-419", "Borrar")])
def test_discord_s_codes_of_the_languages_find_their_catalogues(locale: str, said: str) -> None:
    """Both Spanish locales of Discord share one catalogue."""
    assert speaker(locale)("Delete") == said


@pytest.mark.parametrize(
    ("locale", "shown"), [("en-US", "0.25"), ("fr", "0.25"), ("pt-BR", "0,25"), ("es-ES", "0,25"), ("es-419", "0.25")]
)
def test_numbers_are_written_as_the_language_writes_them(locale: str, shown: str) -> None:
    """Members 25: with a comma where it is used; whole numbers have none."""
    assert speaker(locale).number(0.25) == shown
    assert speaker(locale).number(1.0) == "1"


def test_a_language_without_a_catalogue_is_answered_in_english() -> None:
    """Nobody is left without an answer."""
    assert Speaker("fr")("Delete") == "Delete"


async def payloads() -> list[dict[str, Any]]:
    """The commands as Discord is told of them."""
    tree: Any = discord.app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
    return [await command.get_translated_payload(tree, CommandTranslator()) for command in COMMANDS]


def parts(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A command with its options and choices."""
    yield payload
    for part in [*payload.get("options", ()), *payload.get("choices", ())]:
        yield from parts(part)


def name_in(locale: str, part: dict[str, Any]) -> str:
    return str(part.get("name_localizations", {}).get(locale, part["name"]))


@pytest.mark.parametrize("locale", CODES)
async def test_translated_commands_stay_within_discord_s_limits(locale: str) -> None:
    """Names have at most 32 characters and descriptions 100, of commands, options and choices."""
    for part in (part for payload in await payloads() for part in parts(payload)):
        described = part.get("description_localizations", {}).get(locale, "")
        assert len(name_in(locale, part)) <= (MAX_DESCRIPTION if "value" in part else MAX_NAME)
        assert len(described) <= MAX_DESCRIPTION


@pytest.mark.parametrize("locale", CODES)
async def test_every_description_is_translated(locale: str) -> None:
    """No command and no option is described in English to those who read another language."""
    described = [part for payload in await payloads() for part in parts(payload) if part.get("description")]
    assert [part["name"] for part in described if locale not in part.get("description_localizations", {})] == []


@pytest.mark.parametrize("locale", CODES)
async def test_translated_names_can_be_typed(locale: str) -> None:
    """Slash commands and options are lower case without spaces, in every language."""
    described = [part for payload in await payloads() for part in parts(payload) if part.get("description")]
    names = [name_in(locale, part) for part in described]
    assert [name for name in names if name != name.lower() or " " in name] == []


@pytest.mark.parametrize("locale", CODES)
async def test_commands_have_names_of_the_language_and_sentences_use_them(locale: str) -> None:
    """Where a sentence names a command, its translation names it as those see it who read the language."""
    names = {
        f"/{' '.join(path)}": f"/{' '.join(translated)}"
        for payload in await payloads()
        if payload["type"] == discord.AppCommandType.chat_input.value
        for path, translated in paths(locale, payload)
    }
    assert sum(name != translated for name, translated in names.items()) > len(names) / 2
    language = next(each for each in LANGUAGES if each.startswith(locale[:2]))
    for one, _, texts in translations(language):
        named = [name for name in COMMAND.findall(one) if name in names]
        assert [names[name] for name in named if names[name] not in texts[0]] == [], texts[0]


def paths(locale: str, payload: dict[str, Any]) -> Iterator[tuple[list[str], list[str]]]:
    """A command and its subcommands, each as its path in English and in the language."""
    yield [payload["name"]], [name_in(locale, payload)]
    for option in payload.get("options", ()):
        if option["type"] == discord.AppCommandOptionType.subcommand.value:
            yield [payload["name"], option["name"]], [name_in(locale, payload), name_in(locale, option)]


@pytest.mark.parametrize("locale", CODES)
async def test_translated_names_are_told_apart(locale: str) -> None:
    """No two commands of a kind, options or choices beside each other have the same name."""
    commands = await payloads()
    beside = [
        [payload for payload in commands if payload["type"] == kind] for kind in {each["type"] for each in commands}
    ]
    for part in (part for payload in commands for part in parts(payload)):
        beside += [part.get("options", []), part.get("choices", [])]
    for together in beside:
        names = [name_in(locale, part) for part in together]
        assert len(set(names)) == len(names), names


@pytest.mark.parametrize("locale", CODES)
async def test_modals_stay_within_discord_s_limits(locale: str, make_job: MakeJob) -> None:
    """Titles and labels have at most 45 characters."""
    say, job = speaker(locale), make_job()
    changed = replace(job, request=replace(job.request, task=Task.IMG2IMG, strength=0.5))
    spec = Catalogue.load().get("criar-embedded")
    edit, refine, helped = EditModal("x", say), RefineModal("x", say, Catalogue.load()), PromptModal(say, spec)
    policy = ServerPolicy()
    server = WhereModal(say, policy), HowModal(say, policy, Replies.ASK, None), ChannelModal(say, policy, 1)
    for modal in (*server, EditPromptModal(job, say), EditPromptModal(changed, say), edit, refine, helped):
        labels: list[Any] = modal.children
        assert [text for text in (modal.title, *(each.text for each in labels)) if len(text) > MAX_LABEL] == []


@pytest.mark.parametrize("locale", CODES)
@pytest.mark.parametrize("count", [1, 4])
async def test_buttons_stay_within_discord_s_limits(locale: str, count: int, make_job: MakeJob) -> None:
    """Labels have fewer than 80 characters, at which they would be cut."""
    say, job = speaker(locale), make_job(pictures=count)
    rows = [
        PictureRow(id=f"{job.id}:{place}", place=place, state=State.FINISHED, attempt=1, seconds=1.0, reason=None)
        for place in range(count)
    ]
    job = replace(job, pictures=tuple(rows))
    dear = Costs(again=1000, refine=1000, enlarge=1000, edit=1000)
    views = (
        delivered_buttons(job, say, dear),
        more_buttons(job, rows, say, dear, delete=True),
        posted_buttons(rows[0], say, dear),
        cancel_buttons(job.id, say),
    )
    buttons: list[Any] = [button for view in views for button in view.children]
    assert [each.label for each in buttons if len(each.label) >= MAX_BUTTON] == []
