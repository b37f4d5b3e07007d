"""Prompts are checked by the operator's and the server's words; who breaks them again and again has to pause."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import pytest

from bot.config.schema import Rules
from bot.errors import Refusal
from bot.moderation.prompt_rules import Rulebook
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import Change, Rule, Store
from generation import Request, Task
from tests.bot.factory import MakeJob

RULES = Rules(words=("banana",), patterns=(r"\bgrape\w*ade\b",), timeouts=(0, 0, 30))
_ids = count(1)


def requester(user_id: int = 1, guild_id: int | None = 9, **fields: Any) -> Requester:
    return Requester(id=next(_ids), user_id=user_id, guild_id=guild_id, channel_id=5, locale="en-US",
                 upload_limit=10**7, **fields)  # fmt: skip


def asking(prompt: str, parent: str | None = None) -> BuiltRequest:
    return BuiltRequest(request=Request(task=Task.TXT2IMG, model="criar-embedded", prompt=prompt), parent=parent)


def by_admin(guild_id: int = 9) -> Change:
    return Change(actor_id=3, guild_id=guild_id, user_id=1, at=datetime.now(UTC), by_operator=False)


BY_OPERATOR = Change(actor_id=0, guild_id=None, user_id=1, at=datetime.now(UTC), by_operator=True)


@pytest.fixture
def rulebook(store: Store) -> Rulebook:
    return Rulebook(RULES, store)


async def test_forbidden_words_are_refused_and_noted(rulebook: Rulebook, store: Store) -> None:
    """The operator's words and patterns are refused with the word; what was written is kept for the operator."""
    await rulebook.check(requester(), asking("a cat"))
    with pytest.raises(Refusal, match="“banana” is not allowed here; leave it out"):
        await rulebook.check(requester(), asking("a b4n4na"))
    with pytest.raises(Refusal, match="“grapefruitade” is not allowed"):
        await rulebook.check(requester(guild_id=None), asking("Grápefruitade in a glass"))
    pattern, word = await store.strikes.latest(10)
    assert (word.rule, word.word, word.prompt, word.guild_id) == (Rule.OPERATOR, "banana", "a b4n4na", 9)
    assert (pattern.word, pattern.guild_id) == ("grapefruitade", None)


async def test_a_servers_words_count_there_alone(rulebook: Rulebook, store: Store) -> None:
    """What one server forbids is asked for in another, and after it was allowed again."""
    await store.forbidden.add(by_admin(), "melon")
    with pytest.raises(Refusal, match="melon"):
        await rulebook.check(requester(), asking("a mélon"))
    await rulebook.check(requester(guild_id=8), asking("a melon"))
    await rulebook.check(requester(guild_id=None), asking("a melon"))
    assert await store.forbidden.remove(by_admin(), "melon")
    assert not await store.forbidden.remove(by_admin(), "melon")
    await rulebook.check(requester(), asking("a melon"))


async def test_the_third_strike_is_a_pause_that_can_be_lifted(rulebook: Rulebook, store: Store) -> None:
    """After three strikes nothing is accepted, not even what is allowed, until they are forgiven."""
    for words in ("leave it out", "leave it out", "one time too many; you can ask for pictures again <t:"):
        with pytest.raises(Refusal, match=words):
            await rulebook.check(requester(), asking("banana"))
    with pytest.raises(Refusal, match="too often; you can ask for pictures again <t:"):
        await rulebook.check(requester(guild_id=8), asking("a cat"))
    await rulebook.check(requester(user_id=2), asking("a cat"))
    assert await store.strikes.lift(by_admin()) == 0, "a server cannot forgive what the operator forbids"
    assert await store.strikes.lift(BY_OPERATOR) == 3
    await rulebook.check(requester(), asking("a cat"))


async def test_a_pause_by_a_servers_words_holds_in_that_server(rulebook: Rulebook, store: Store) -> None:
    """Strikes by a server's words time out there and nowhere else, and its admins may forgive them."""
    await store.forbidden.add(by_admin(), "melon")
    for _ in range(3):
        with pytest.raises(Refusal):
            await rulebook.check(requester(), asking("melon"))
    with pytest.raises(Refusal, match="too often"):
        await rulebook.check(requester(), asking("a cat"))
    await rulebook.check(requester(guild_id=8), asking("a cat"))
    assert await store.strikes.lift(by_admin()) == 3
    await rulebook.check(requester(), asking("a cat"))


async def test_an_interaction_delivered_twice_is_one_strike(rulebook: Rulebook, store: Store) -> None:
    """A second delivery of a refused request does not count again."""
    once = requester()
    for _ in range(2):
        with pytest.raises(Refusal):
            await rulebook.check(once, asking("banana"))
    assert len(await store.strikes.latest(10)) == 1


async def test_the_built_in_rule_needs_no_configuration(store: Store) -> None:
    """Without any word in the configuration, sexualised minors are refused, and marked for the operator."""
    with pytest.raises(Refusal, match="always refused, whatever the settings"):
        await Rulebook(Rules(), store).check(requester(), asking("a sexy schoolgirl"))
    (strike,) = await store.strikes.latest(10)
    assert strike.rule is Rule.MINORS


async def test_what_a_picture_was_made_from_counts_too(rulebook: Rulebook, store: Store, make_job: MakeJob) -> None:
    """Refining a picture of a child with words that would pass alone is refused."""
    job = make_job()
    child = replace(job, request=replace(job.request, prompt="a child in a garden"))
    accepted = await store.accept(child)
    assert accepted
    await store.jobs.finished(accepted.pictures[0].id, 1, 1.0)
    await rulebook.check(requester(), asking("topless", parent=None))
    with pytest.raises(Refusal, match="always refused"):
        await rulebook.check(requester(), asking("topless", parent=accepted.pictures[0].id))
