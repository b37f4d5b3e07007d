"""Pictures are found again: pings that members choose, few requests to Discord, and channels that are hidden."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from simcord.backend.models import Message

from bot.config import Config
from bot.config.schema import Filter
from bot.moderation.output_filter import OutputFilter
from bot.store import Ping

from .rig import Rig

HIDDEN = 1 << 17  # flag of an obfuscated channel


def pings(rig: Rig, shown: Message) -> list[Message]:
    """What pinged somebody in reply to a message."""
    messages = rig.local.world.backend.messages[rig.local.world.channel_id].values()
    replies = [each for each in messages if each.reference and int(each.reference["message_id"]) == shown.id]
    return [each for each in replies if each.ping_user_ids]


async def make(rig: Rig, who: str, prompt: str) -> Message:
    """A picture by /txt2img; returns its message when its member was told that it is there."""
    channel = rig.local.world.channel_id
    asked = rig.slash(rig.members[who], channel, "txt2img", {"prompt": prompt})
    await rig.settle(lambda: "left today" in asked.content)
    shown = rig.local.world.backend.messages[channel].values()
    return next(each for each in reversed(shown) if prompt in each.content and each.attachments)


@pytest.mark.parametrize(("choice", "pinged"), [(Ping.ALWAYS, True), (Ping.NEVER, False), (None, False)])
async def test_members_choose_whether_they_are_pinged_when_pictures_are_ready(
    rig: Rig, choice: Ping | None, pinged: bool
) -> None:
    """Members 9: the ping is a reply to the pictures, reaches their member only, and leaves again after a while."""
    otto = rig.members["otto"]
    await rig.store.preferences.change(otto, ping=choice)
    try:
        shown = await make(rig, "otto", "a boat to be told of")
        if pinged:
            (ping,) = await rig.settle(lambda: pings(rig, shown))
            assert ping.ping_user_ids == [otto]
            await make(rig, "otto", "a boat after it")
            due = datetime.now(UTC) + timedelta(minutes=11)
            # It is remembered on disk, so that a restart does not leave it there.
            assert (ping.channel_id, ping.id) in await rig.store.privacy.to_erase(due, 10**6)
        else:
            await make(rig, "otto", "a boat after it")
            assert pings(rig, shown) == []
    finally:
        await rig.store.preferences.change(otto, ping=Ping.NEVER)


async def test_five_messages_after_the_announcement_are_reason_enough_to_ping(rig: Rig) -> None:
    """Members 9: in a busy channel the result stands far above, however soon it came."""
    otto = rig.members["otto"]
    await rig.store.preferences.change(otto, ping=None)
    rig.service.makes = False
    try:
        rig.slash(otto, rig.local.world.channel_id, "txt2img", {"prompt": "a buried boat"})
        await rig.settle(lambda: any("a buried boat" in each.request.prompt for each in rig.service.pictures))
        messages = rig.local.world.backend.messages[rig.local.world.channel_id]
        found = await rig.settle(lambda: [each for each in messages.values() if "a buried boat" in each.content])
        shown = found[-1]
        for word in ["one", "two", "three", "four", "five"]:
            rig.local.people.say(rig.members["ana"], rig.local.world.channel_id, word)
        await rig.settle(lambda: rig.client.traffic.buried(rig.local.world.channel_id, shown.id))
        rig.service.finish(rig.service.pictures[-1])
        (ping,) = await rig.settle(lambda: pings(rig, shown))
        assert ping.ping_user_ids == [otto]
    finally:
        rig.service.makes = True
        await rig.store.preferences.change(otto, ping=Ping.NEVER)


async def test_one_picture_takes_two_requests_to_its_channel(rig: Rig) -> None:
    """The announcement and the edit that brings the picture; all else goes through the interaction."""
    calls = len(rig.local.rest.calls)
    await make(rig, "otto", "a counted boat")
    channel = f"/channels/{rig.local.world.channel_id}/"
    made = Counter(call.method for call in list(rig.local.rest.calls)[calls:] if call.path.startswith(channel))
    assert made == {"POST": 1, "PATCH": 1}


@pytest.mark.parametrize("nsfw", [None, True])
async def test_a_channel_that_is_hidden_from_the_bot_has_the_strict_policy(rig: Rig, nsfw: bool | None) -> None:
    """Discord's obfuscated payloads of November 2026, flagged and with nulled fields, fail closed."""
    world = rig.local.world
    channel_id = world.add_age_restricted_channel(f"adults-{nsfw}".lower())
    await rig.settle(lambda: rig.client.get_channel(channel_id))
    deny = {"id": str(world.guild_id), "type": 0, "allow": "0", "deny": str(1 << 10)}
    payload = {
        "id": str(channel_id), "guild_id": str(world.guild_id), "type": 0, "name": "___hidden___", "flags": HIDDEN,
        "position": 0, "permission_overwrites": [deny], "topic": None, "nsfw": nsfw, "parent_id": None,
        "last_message_id": None, "rate_limit_per_user": 0,
    }  # fmt: skip
    config = Config(filter=Filter(age_restricted={}))
    output_filter = OutputFilter(rig.client, config, rig.store, rig.client.inspector)
    assert await output_filter._scores(channel_id) == {}
    world.backend.emit("CHANNEL_UPDATE", payload)
    await rig.settle(lambda: getattr(rig.client.get_channel(channel_id), "name", "") == "___hidden___")
    assert await output_filter._scores(channel_id) == config.filter.strict
