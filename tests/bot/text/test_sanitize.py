"""What people write is shown so that it can do no harm."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text.sanitize import escape_for_discord, strip_control_characters


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("@everyone @here", "@\u200beveryone @\u200bhere"),
        ("<@123> <@&4> <#5> <t:6:R> <:a:7> </x:8>", None),
        ("https://evil.example", "https:\u200b//evil.example"),
        ("[a](https://evil.example)", None),
        ("**bold** `code` ||spoiler|| # head\n> quote", None),
        ("two\nlines\tand  more", "two lines and more"),
        ("\u202eturned\u202c", "turned"),
        ("\x00nul\x1b[31m", "nul [31m"),
    ],
)
def test_mentions_links_and_markdown_are_plain_characters(text: str, shown: str | None) -> None:
    """Nothing of it pings, links, hides, formats or turns the line around it."""
    result = escape_for_discord(text, 1000)
    if shown is not None:
        assert result == shown
    assert not re.search(r"<[@#:t/a]|@everyone|@here|://|\]\(|\u202e|\n", result)
    assert not re.search(r"(?<!\\)[*`|~_]", result)


def test_right_to_left_text_is_kept_to_itself() -> None:
    """Hebrew and Arabic are shown as they are, isolated from the words around them."""
    assert escape_for_discord("חתול", 100) == "\u2068חתול\u2069"
    assert escape_for_discord("a cat", 100) == "a cat"


def test_a_pile_of_accents_is_cut() -> None:
    """Accents that would run over the lines around are left out but for four."""
    assert escape_for_discord("a" + "\u0301" * 50 + "b", 100) == "a" + "\u0301" * 4 + "b"


@given(st.text(max_size=5000), st.integers(10, 1200))
def test_any_text_stays_within_its_length_and_on_its_line(text: str, most: int) -> None:
    """Whatever Unicode holds, the result is one line of at most so many characters that can be sent."""
    shown = escape_for_discord(text, most)
    assert len(shown) <= most
    assert "\n" not in shown
    shown.encode()


@given(st.text(alphabet=st.characters(), max_size=200))
def test_a_cleaned_prompt_can_be_kept_and_loses_no_letters(text: str) -> None:
    """Cleaning takes out what is no text alone, halves of characters included, and twice is as once."""
    result = strip_control_characters(text + "\ud800\x00")
    result.encode()
    assert strip_control_characters(result) == result
    assert [char for char in text if char.isalnum()] == [char for char in result if char.isalnum()]


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("\ufeffa re\u00add\u200b apple\u2060", "a red apple"),
        ("a\u200ccat, a\u200ddog", "acat, adog"),
        ("\u200ea cat\u202c \u2066on\u2069 blue", "a cat on blue"),
        ("a cat" + "".join(chr(0xE0000 + ord(letter)) for letter in "naked"), "a cat"),
        ("a cat 👍\u200d", "a cat 👍"),
    ],
)
def test_characters_that_nobody_sees_leave_the_prompt(text: str, cleaned: str) -> None:
    """Blanks without a width, soft hyphens, marks of order and tags, which web pages and phones put beside words."""
    assert strip_control_characters(text) == cleaned


@pytest.mark.parametrize("word", ["می\u200cخواهم", "क्\u200dष", "র\u200d্য", "ක්\u200dෂ", "ه\u200d"])
def test_joiners_stay_where_a_script_needs_them(word: str) -> None:
    """Persian, Hindi, Bengali and Sinhala are written with them."""
    assert strip_control_characters(word) == word


@pytest.mark.parametrize("emoji", ["🏴󠁧󠁢󠁥󠁮󠁧󠁿", "🙂‍↔️", "🏃🏽‍♀️‍➡️", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇧🇷"])
def test_emoji_are_kept_whole(emoji: str) -> None:
    """What joins emoji is kept, in prompts and where they are shown."""
    assert strip_control_characters(emoji) == emoji
    assert escape_for_discord(emoji, 100) == emoji
