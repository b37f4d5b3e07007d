"""What Discord refuses and hides, the local Discord does too: files, AutoMod, threads, channels, reactions, roles."""

import io
import json
from collections.abc import Callable, Iterator

import discord
import pytest
from PIL import Image
from simcord.backend.errors import BackendError
from simcord.backend.models import Message
from simcord.backend.models.channel import Overwrite
from simcord.enums import ChannelType, OverwriteType

from sandbox import Asked, CannotDoError, LocalDiscord

Slash = Callable[..., Asked]
AUTOMOD, ARCHIVED, LOCKED, NO_ACCESS, NO_RIGHT = 200000, 50083, 160005, 50001, 50013


def png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def ana(local: LocalDiscord) -> int:
    return local.world.members["ana"]


@pytest.fixture
def rule(local: LocalDiscord) -> Iterator[None]:
    """AutoMod blocks “words” and “nasty”, and embeds that say “embed”."""
    backend, world = local.world.backend, local.world
    body = {
        "name": "no words",
        "event_type": 1,
        "trigger_type": 1,
        "trigger_metadata": {"keyword_filter": ["words", "nasty", "embed"]},
        "actions": [{"type": 1}],
    }
    made = backend.create_auto_mod_rule(world.guild_id, world.members["olga"], body)
    yield
    backend.delete_auto_mod_rule(world.guild_id, made.id)


@pytest.fixture
def deny(local: LocalDiscord) -> Iterator[Callable[..., None]]:
    """Take rights from somebody in the channel, until the end of the test."""
    backend, channel = local.world.backend, local.world.channel_id
    denied: list[int] = []

    def take(user_id: int, **rights: bool) -> None:
        denied.append(user_id)
        backend.set_overwrite(
            channel, Overwrite(user_id, OverwriteType.MEMBER, deny=discord.Permissions(**rights).value)
        )

    yield take
    for user_id in denied:
        backend.delete_overwrite(channel, user_id)


async def posted(local: LocalDiscord, user_id: int, channel: int) -> dict[str, int]:
    """Discord's codes for words, an embed and a file that the bot posts there; 0 where it may."""
    asked = local.people.slash(user_id, channel, "fail", {"how": "post"})
    await local.wait_for(lambda: asked.content.startswith("post:"))
    codes: dict[str, int] = json.loads(asked.content.removeprefix("post: ").replace("'", '"'))
    return codes


async def heard(local: LocalDiscord, channel: int, after: Message) -> Message:
    """What the bot answered to a message."""

    def look() -> Message | None:
        shown = local.world.backend.messages.get(channel, {}).values()
        return next((m for m in shown if m.id > after.id and m.content.startswith("heard")), None)

    answer: Message = await local.wait_for(look)
    return answer


async def test_files_and_embeds_need_their_rights(local: LocalDiscord, ana: int, deny: Callable[..., None]) -> None:
    """Without ATTACH_FILES a bot may write, but attach nothing; without EMBED_LINKS it may not embed; 50013."""
    channel, bot = local.world.channel_id, local.world.backend.bot_user.id
    assert await posted(local, ana, channel) == {"words": 0, "embed": 0, "file": 0}
    deny(bot, attach_files=True)
    assert await posted(local, ana, channel) == {"words": 0, "embed": 0, "file": NO_RIGHT}
    deny(bot, embed_links=True)
    assert await posted(local, ana, channel) == {"words": 0, "embed": NO_RIGHT, "file": 0}
    deny(ana, attach_files=True)
    with pytest.raises(CannotDoError, match="attach"):
        local.people.say(ana, channel, "look", [("a.png", png())])


@pytest.mark.usefixtures("rule")
async def test_automod_blocks_bots_and_members_but_no_managers(local: LocalDiscord, ana: int) -> None:
    """Code 200000 for words and for those of an embed; those who manage the server are exempt."""
    channel = local.world.channel_id
    assert await posted(local, ana, channel) == {"words": AUTOMOD, "embed": AUTOMOD, "file": 0}
    with pytest.raises(BackendError, match="automatic moderation"):
        local.people.say(ana, channel, "something NASTY")
    assert local.people.say(ana, channel, "something nice").content == "something nice"
    assert local.people.say(local.world.members["olga"], channel, "nasty").content == "nasty"


async def test_a_private_thread_is_for_those_who_are_mentioned_in_it(local: LocalDiscord, ana: int) -> None:
    """The bot cannot write in it before (50001), and hears of it from when somebody mentions it."""
    world, milo = local.world, local.world.members["milo"]
    thread = local.people.start_thread(ana, world.channel_id, "apart", private=True).id
    assert await posted(local, ana, thread) == {"words": NO_ACCESS, "embed": NO_ACCESS, "file": NO_ACCESS}
    assert [channel.id for channel in world.channels(ana)].count(thread) == 1
    assert thread not in [channel.id for channel in world.channels(world.add_member("rita"))]
    assert local.people.messages(milo, thread) == []
    first = local.people.say(ana, thread, f"<@{world.backend.bot_user.id}> and <@{milo}> are welcome")
    assert [message.id for message in local.people.messages(milo, thread)] == [first.id]
    assert "are welcome" in (await heard(local, thread, first)).content
    world.backend.delete_channel(thread)


async def test_an_archived_thread_opens_again_unless_it_is_locked(local: LocalDiscord, ana: int) -> None:
    """Whoever writes opens it; a locked one only who manages threads; edits and reactions never (50083, 160005)."""
    world, milo, olga = local.world, local.world.members["milo"], local.world.members["olga"]
    thread = local.people.start_thread(ana, world.channel_id, "for a while")
    first = local.people.say(ana, thread.id, "the first")
    local.people.close_thread(ana, thread.id)
    with pytest.raises(BackendError, match="archived"):
        local.people.react(ana, first, "👍")
    assert thread.thread_metadata
    assert thread.thread_metadata.archived
    local.people.say(ana, thread.id, "again")
    assert not thread.thread_metadata.archived
    with pytest.raises(CannotDoError):
        local.people.close_thread(milo, thread.id)
    local.people.close_thread(olga, thread.id, locked=True)
    with pytest.raises(BackendError, match="archived"):
        local.people.say(ana, thread.id, "let me in")
    assert set((await posted(local, ana, thread.id)).values()) == {ARCHIVED}
    local.people.say(olga, thread.id, "open")
    assert set((await posted(local, ana, thread.id)).values()) == {LOCKED}
    world.backend.delete_channel(thread.id)


async def test_the_bot_knows_its_own_role(local: LocalDiscord, ana: int) -> None:
    """The managed role carries tags.bot_id, so a mention of it reaches the bot as one of itself."""
    role = local.world.bot_role
    assert role.name == "Echo"
    role.mentionable = True
    message = local.people.say(ana, local.world.channel_id, f"<@&{role.id}> hello")
    await heard(local, local.world.channel_id, message)


async def test_a_forward_carries_the_message_s_pictures(local: LocalDiscord, ana: int) -> None:
    """To the direct messages, where a bot may read; one that is forwarded again leads to the original."""
    channel, direct = local.world.channel_id, local.world.backend.get_dm_channel(ana).id
    message = local.people.say(ana, channel, "mine", [("a.png", png())])
    once = local.people.forward(ana, message, channel)
    twice = local.people.forward(ana, once, direct)
    assert twice.reference
    assert twice.reference["message_id"] == str(message.id)
    assert twice.snapshots[0]["message"]["attachments"][0]["width"] == 60
    hidden = local.world.backend.create_channel(local.world.guild_id, "staff", type=ChannelType.TEXT).id
    everyone = Overwrite(local.world.guild_id, OverwriteType.ROLE, deny=discord.Permissions(view_channel=True).value)
    local.world.backend.set_overwrite(hidden, everyone)
    with pytest.raises(BackendError, match="Access"):
        local.people.forward(ana, message, hidden)
    local.world.backend.delete_channel(hidden)


async def test_reactions_reach_the_bot_and_are_taken_back(
    local: LocalDiscord, ana: int, deny: Callable[..., None]
) -> None:
    """Pressing one again takes it back; who may add none may still join one that is there."""
    channel, milo = local.world.channel_id, local.world.members["milo"]
    message = local.people.say(ana, channel, "nice?")
    deny(ana, add_reactions=True)
    with pytest.raises(BackendError, match="Permissions"):
        local.people.react(ana, message, "🎨")
    local.people.react(milo, message, "🎨")
    local.people.react(ana, message, "🎨")
    said = local.world.backend.messages[channel]
    await local.wait_for(lambda: sum(m.content == "reaction: 🎨" for m in said.values()) == 2)
    local.people.react(ana, message, "🎨")
    assert message.reactions[0].user_ids == [milo]


async def test_pictures_that_are_no_files_are_shown_too(local: LocalDiscord, ana: int) -> None:
    """A link to a picture gets a preview; a file without an ending has no type, and its size all the same."""
    channel = local.world.channel_id
    (file,) = local.people.say(ana, channel, "", [("photo", png())]).attachments
    assert "content_type" not in file
    assert (file["width"], file["height"]) == (60, 40)
    linked = local.people.say(ana, channel, f"look: {file['url']}")
    assert linked.embeds[0]["type"] == "image"
    assert linked.embeds[0]["thumbnail"]["url"] == file["url"]
    assert not local.people.say(ana, channel, "look: https://pictures.example/a.png").embeds
    with pytest.raises(CannotDoError, match="words or a file"):
        local.people.say(ana, channel, "  ")
