"""What the bot writes into pictures can be read in every language it speaks."""

from pathlib import Path

import pytest

import bot
from bot.messages.font import font

LOCALES = sorted((Path(bot.__file__).parent / "text" / "locales").glob("*.po"))
NOWHERE = "\uffff"  # no letter, so that a font shows what it shows for those it lacks


@pytest.mark.parametrize("locale", LOCALES, ids=lambda path: path.stem)
def test_every_letter_of_a_language_has_its_shape(locale: Path) -> None:
    """None is shown as the box that stands for what a font lacks."""
    shown = font(24)
    box = bytes(shown.getmask(NOWHERE))
    letters = {letter for letter in locale.read_text(encoding="utf-8") if letter.isalpha()} | set("0123456789.,×–…")
    assert len(letters) > 50
    assert not [letter for letter in letters if bytes(shown.getmask(letter)) == box]
