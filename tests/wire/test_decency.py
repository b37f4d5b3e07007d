"""The output filter over the wire. The policy of these tests minds a class that the detector sees in a drawn apple."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from sandbox import LocalDiscord
from sandbox.people import Asked

from .bot import Bot, running
from .commands import APPLE, press

POLICY = "[filter]\nstrict = { BUTTOCKS_COVERED = 0.15 }\nage_restricted = {}\n"
_numbers = count()
REFUSED = "it may show more than this channel allows"


@dataclass
class Place:
    """A bot with that policy, a channel that is age-restricted beside the usual one, and a member who asks."""

    local: LocalDiscord
    bot: Bot
    restricted: int
    member: int = 0

    def slash(self, path: str, *, restricted: bool = False, **options: Any) -> Asked:
        channel = self.restricted if restricted else self.local.world.channel_id
        return self.local.people.slash(self.member, channel, path, options)

    def pictures(self, channel_id: int) -> list[Any]:
        shown = self.local.world.backend.messages[channel_id].values()
        return [message for message in shown if message.attachments and not message.is_ephemeral]


@pytest.fixture(scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with running(tmp_path_factory.mktemp("filter"), POLICY) as (local, bot):
        yield Place(local, bot, local.world.add_age_restricted_channel("adults"))


@pytest.fixture
async def place(shared: Place) -> Place:
    """With a member of its own for each test, who has all their images left."""
    return replace(shared, member=shared.local.world.add_member(f"member{next(_numbers)}"))


@pytest.mark.slow
async def test_a_picture_that_shows_too_much_is_not_posted_and_not_charged(place: Place) -> None:
    """In a usual channel the picture is blocked: the member is told, nothing is posted or kept, nothing counts."""
    kept = set((place.bot.folder / "data" / "pictures").iterdir())
    asked = place.slash("txt2img", prompt=APPLE, seed=1, num_inference_steps=12)
    await place.local.wait_for(lambda: "left today" in asked.content, 200)
    assert asked.content.startswith("Nothing was made. You have 20 of 20 images left today.")
    assert "The output filter blocked the picture" in asked.content
    assert not [m for m in place.local.messages() if APPLE in m.content and not m.is_ephemeral]
    assert set((place.bot.folder / "data" / "pictures").iterdir()) <= kept


@pytest.mark.slow
async def test_what_an_age_restricted_channel_shows_does_not_leave_it(place: Place) -> None:
    """The same picture is posted there; in a usual channel it can neither be shown again, nor refined, nor sent in."""
    asked = place.slash("txt2img", restricted=True, prompt=APPLE, seed=1, num_inference_steps=12)
    await place.local.wait_for(lambda: "19 of 20" in asked.content, 200)
    message = place.pictures(place.restricted)[-1]
    history = place.slash("history")
    await place.local.wait_for(lambda: history.message and history.message.components, 200)
    assert history.message
    select = history.message.components[0]["components"][0]
    place.local.people.press(place.member, history.message, "take", [select["options"][0]["value"]])
    await place.local.wait_for(lambda: any(REFUSED in m.content for m in place.local.messages(place.member)), 200)
    (data,) = place.local.files(message)
    sent = place.slash("img2img", prompt="an apple", image=("apple.png", data))
    await place.local.wait_for(lambda: REFUSED in sent.content, 200)
    assert not place.pictures(place.local.world.channel_id)
    refined = await press(place.local, place.member, message, "Refine low")
    await place.local.wait_for(lambda: "18 of 20" in refined.content, 200)


@pytest.mark.slow
async def test_forbidden_words_are_refused_struck_and_forgiven(place: Place) -> None:
    """An admin forbids a word, a member who writes it is refused, seen in the list and forgiven, all privately."""
    local, olga = place.local, place.local.world.members["olga"]

    def admin(path: str, **options: Any) -> Asked:
        return local.people.slash(olga, local.world.channel_id, path, options)

    async def said(asked: Asked, words: str) -> None:
        await local.wait_for(lambda: words in asked.content, 200)
        assert asked.record.ephemeral

    await said(admin("rules forbid", word="Bánana"), "“banana” is forbidden in this server now")
    await said(admin("rules words"), "||banana||")
    await said(place.slash("txt2img", prompt="a b4-n4-n4 on a plate"), "“banana” is not allowed here; leave it out")
    await said(place.slash("txt2img", prompt="a sexy schoolgirl"), "always refused, whatever the settings")
    strikes = admin("moderation strikes", member=place.member)
    await said(strikes, "minors: ||a sexy schoolgirl||")
    assert "“banana”: ||a b4-n4-n4 on a plate||" in strikes.content
    await said(admin("moderation lift", member=place.member), "2 strikes of")
    await said(admin("rules allow", word="banana"), "“banana” is allowed again")
    assert "strike (minors)" in place.bot.log.read_text()


@pytest.mark.slow
async def test_what_only_an_age_restricted_channel_may_show_is_not_sent_directly(place: Place) -> None:
    """Where the announcement is gone there, the picture does not go to the member as a direct message instead."""
    place.slash("txt2img", restricted=True, prompt=APPLE, seed=1, num_inference_steps=30)
    backend = place.local.world.backend
    channel = backend.messages[place.restricted]
    (message,) = await place.local.wait_for(
        lambda: [m for m in channel.values() if APPLE in m.content and not m.attachments and not m.is_ephemeral], 60
    )
    backend.delete_message(place.restricted, message.id)
    await place.local.wait_for(lambda: place.member in backend.dm_channels, 200)
    pictures = place.bot.folder / "data" / "pictures"
    await place.local.wait_for(lambda: "goes another way" in place.bot.log.read_text(), 200)
    assert list(pictures.iterdir())
    assert not [m for m in backend.messages[backend.dm_channels[place.member]].values() if m.attachments]
