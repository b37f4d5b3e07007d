"""Replies to pictures: which are instructions, which are chat, and which only their author can tell."""

import pytest

from bot.requests.intent import Intent, read_intent
from tests.bot.requests.phrases import BETWEEN, CHAT, INSTRUCTIONS


def test_the_table_is_large_and_half_of_it_is_chat() -> None:
    """At least 150 phrasings that are clear, half of them chat; none stands twice."""
    assert len(INSTRUCTIONS) + len(CHAT) >= 150
    assert len(CHAT) >= len(INSTRUCTIONS)
    assert len({*INSTRUCTIONS, *CHAT, *BETWEEN}) == len(INSTRUCTIONS) + len(CHAT) + len(BETWEEN)


@pytest.mark.parametrize("text", INSTRUCTIONS)
def test_an_instruction_beyond_doubt_is_carried_out(text: str) -> None:
    """Imperatives, “as a …”, places, colours, styles, strengths and flags need no mention of the bot."""
    assert read_intent(text).intent is Intent.INSTRUCTION


@pytest.mark.parametrize("text", CHAT)
def test_chat_stays_chat(text: str) -> None:
    """Praise, thanks, questions, emoji and talk between members neither make a picture nor a question about one."""
    assert read_intent(text).intent is Intent.CHAT


@pytest.mark.parametrize("text", BETWEEN)
def test_what_may_be_either_is_asked(text: str) -> None:
    """Words that may describe a picture or belong to a conversation are left to their author."""
    assert read_intent(text).intent is Intent.UNSURE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("love it! now make it night", "now make it night"),
        ("nice, as a watercolour please", "as a watercolour please"),
        ("thanks! bigger", "bigger"),
        ("as a watercolour, strong", "as a watercolour, strong"),
        ("a dog --ar 3:2", "a dog --ar 3:2"),
    ],
)
def test_praise_before_an_instruction_stays_out_of_the_prompt(text: str, words: str) -> None:
    """What is said to be kind is no part of the picture."""
    assert read_intent(text).words == words
