"""The bot by one shard and by three: what it does is the same."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.background.heartbeat import trouble
from sandbox import Fault, LocalDiscord

from .bot import Bot, running
from .commands import delivered, done, slash

pytestmark = pytest.mark.slow


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=[1, 3], ids=["one shard", "three shards"])
async def sharded(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[LocalDiscord, Bot]]:
    """A local Discord that asks for so many shards, and the bot."""
    settings = "[plans.free]\nimages_per_day = 500\n[filter]\nstrict = {}\n"
    async with running(tmp_path_factory.mktemp("sharded"), settings, request.param) as both:
        yield both


async def test_commands_and_replies_are_answered(sharded: tuple[LocalDiscord, Bot]) -> None:
    """A command of the server brings a picture, and a reply to it brings the next."""
    local, _ = sharded
    await done(local, slash(local, "txt2img", prompt="a sharded apple"))
    first = delivered(local, "a sharded apple")
    ana = local.world.members["ana"]
    local.people.say(ana, local.world.channel_id, "strong", (), first.id)
    await local.wait_for(lambda: len([m for m in local.messages() if m.attachments and not m.is_ephemeral]) >= 2, 200)


async def test_a_direct_message_is_answered(sharded: tuple[LocalDiscord, Bot]) -> None:
    """A command in a direct message, which belongs to no server, brings a picture there."""
    local, _ = sharded
    ana = local.world.members["ana"]
    channel = local.world.backend.get_dm_channel(ana).id
    asked = local.people.slash(ana, channel, "txt2img", {"prompt": "a private apple", "num_inference_steps": 5})
    await local.wait_for(lambda: "left today" in asked.content, 200)
    messages = local.world.backend.messages[channel].values()
    assert [message for message in messages if "a private apple" in message.content and message.attachments]


async def test_what_could_not_be_delivered_is_delivered_later(sharded: tuple[LocalDiscord, Bot]) -> None:
    """With deliveries refused for a while, the outbox brings the picture once."""
    local, _ = sharded
    local.fail(Fault(method="PATCH", path="/channels/*/messages/*", status=500, times=6))
    await done(local, slash(local, "txt2img", prompt="a late apple"))
    late = [m for m in local.messages() if "a late apple" in m.content and m.attachments and not m.is_ephemeral]
    assert len(late) == 1


async def test_it_is_ready_when_all_shards_are_there(sharded: tuple[LocalDiscord, Bot]) -> None:
    """The sign of life is given, and a shard that is dropped resumes without the others."""
    local, bot = sharded
    async with asyncio.timeout(60):
        while trouble(bot.folder / "data"):  # noqa: ASYNC110 - a file makes no event
            await asyncio.sleep(0.2)
    sockets = {session.shard: session.socket for session in local.gateway.sessions.values()}
    dropped = max(sockets)
    await local.gateway.drop(resumable=True, shard=dropped[0])
    await done(local, slash(local, "txt2img", prompt="an apple after the drop"))
    after = {session.shard: session.socket for session in local.gateway.sessions.values()}
    assert {shard for shard in sockets if sockets[shard] is not after[shard]} == {dropped}
