"""Replies to pictures: which are instructions, which are chat, and which only their author can tell."""

import pytest

from bot.requests.intent import Intent, is_small_talk, read_intent
from tests.bot.requests.more_phrases import EITHER, FOR_THE_PICTURE, PROMPTS, TALK, TO_THE_BOT
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


@pytest.mark.parametrize(
    ("phrases", "intent"),
    [(FOR_THE_PICTURE, Intent.INSTRUCTION), (TALK, Intent.CHAT), (EITHER, Intent.UNSURE)],
    ids=["instructions", "chat", "between"],
)
def test_many_more_phrases_are_taken_as_they_are_meant(phrases: tuple[str, ...], intent: Intent) -> None:
    """Views, weather, verbs of two words, “as if it were”, plurals, Portuguese “do” and “no”, sayings, exclamations."""
    assert [text for text in phrases if read_intent(text).intent is not intent] == []


def test_talk_to_the_bot_is_no_prompt_and_a_prompt_no_talk() -> None:
    """Questions, thanks and greetings in three languages cost nothing; “can you draw a cat?” is drawn."""
    assert [text for text in TO_THE_BOT if not is_small_talk(text)] == []
    assert [text for text in PROMPTS if is_small_talk(text)] == []
