"""Every sentence that a person reads goes through here, so that it can be translated.

Sentences are gettext messages with named parameters: ``say("You have {left} left.", left=3)``. Catalogues stand in
``bot/text/locales/<language>.po`` and are compiled as they are read; English needs none.
"""

import gettext
import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import discord
from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from discord import app_commands

from generation import Sentence

LOCALES = Path(__file__).parent / "locales"

Value = str | int | float


class Speaker:
    """Says sentences in one language."""

    def __init__(self, locale: str) -> None:
        self.locale = locale
        self._catalogue = _catalogue(locale)
        translated = isinstance(self._catalogue, gettext.GNUTranslations)
        self._numbers = Locale.parse(locale, sep="-") if translated else Locale("en")

    def __call__(self, template: str, **params: Value) -> str:
        """The sentence, translated and filled in."""
        return self.as_it_stands(template).format(**params)

    def as_it_stands(self, text: str) -> str:
        """The text, translated; braces in it are plain characters."""
        return self._catalogue.gettext(text)

    def plural(self, one: str, many: str, n: int, **params: Value) -> str:
        """The sentence in the number that ``n`` asks for; ``{n}`` stands for the number."""
        return self._catalogue.ngettext(one, many, n).format(n=n, **params)

    def number(self, value: float) -> str:
        """A number as the language writes it: 0.25, or 0,25."""
        return format_decimal(value, locale=self._numbers, decimal_quantization=False, group_separator=False)

    def sentence(self, sentence: Sentence) -> str:
        """A sentence that was put together elsewhere, translated and filled in."""
        return self(sentence.template, **sentence.params)

    def small_print(self, sentences: Iterable[Sentence]) -> str:
        """The sentences as lines of small print."""
        return "\n".join(f"-# {self.sentence(sentence)}" for sentence in sentences)


def _catalogue(locale: str) -> gettext.NullTranslations:
    """The translations of the locale, or else of its language; none if there is no catalogue."""
    names = locale.replace("-", "_"), locale.partition("-")[0]
    path = next((path for name in names if (path := LOCALES / f"{name}.po").exists()), None)
    if path is None:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(path.read_bytes())))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def speaker(locale: str) -> Speaker:
    """The speaker of Discord's locale code (such as ``pt-BR``)."""
    return Speaker(locale)


class CommandTranslator(app_commands.Translator):
    """Gives Discord commands' names and descriptions in each language with a catalogue; options keep their names."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The translation, or None if there is none, which leaves the English."""
        if context.location is app_commands.TranslationContextLocation.parameter_name:
            return None  # the field's own words, which sentences name too: seed, strength, negative_prompt
        translated = speaker(locale.value).as_it_stands(string.message)
        return translated if translated != string.message else None
