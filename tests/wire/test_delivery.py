"""Pictures reach their member in the best way left, once, whatever Discord refuses; or they wait where all can see."""

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from fnmatch import fnmatch
from pathlib import Path

import pytest
from discord import Permissions
from simcord.backend.models import Message, Overwrite
from simcord.enums import OverwriteType

from sandbox import Fault, LocalDiscord

from .bot import UNFILTERED, Bot, held, running
from .commands import announced, done, public, slash

MESSAGES = "/channels/*/messages"
CANNOT_SEND_TO_USER, MISSING_PERMISSIONS, TOO_OLD = 50007, 50013, 30046


def direct(local: LocalDiscord, words: str, who: str = "ana") -> list[Message]:
    """What the bot sent the member directly with these words."""
    channel = local.world.backend.get_dm_channel(local.world.members[who]).id
    return [m for m in local.world.backend.messages.get(channel, {}).values() if words in m.content]


def job_of(bot: Bot, message: Message) -> sqlite3.Row:
    with sqlite3.connect(bot.folder / "data" / "criar.db") as database:
        database.row_factory = sqlite3.Row
        return database.execute("SELECT * FROM jobs WHERE message_id = ?", [message.id]).fetchone()  # type: ignore[no-any-return]


@contextmanager
def denied(local: LocalDiscord, **permissions: bool) -> Iterator[None]:
    """The bot may not do this in the channel."""
    backend = local.world.backend
    channel = backend.get_channel(local.world.channel_id)
    deny = Overwrite(target_id=backend.bot_user.id, type=OverwriteType.MEMBER, deny=Permissions(**permissions).value)
    channel.overwrites.append(deny)
    try:
        yield
    finally:
        channel.overwrites.remove(deny)


@contextmanager
def failing(local: LocalDiscord, method: str, path: str, status: int, code: int = 0) -> Iterator[None]:
    """All requests of a route fail."""
    fault = Fault(method=method, path=path, status=status, code=code, times=10_000)
    local.fail(fault)
    try:
        yield
    finally:
        local.rest.faults.remove(fault)


async def test_a_message_that_was_deleted_meanwhile_is_delivered_directly(local: LocalDiscord, bot: Bot) -> None:
    """What a moderator took out of the channel is not put back there: the member gets the pictures directly."""
    before = len(direct(local, "a cat without a message"))
    with held(bot):
        asked = slash(local, "txt2img", prompt="a cat without a message", num_inference_steps=2)
        message = await announced(local, "a cat without a message")
        local.world.backend.delete_message(message.channel_id, message.id)
    await done(local, asked)
    (alone,) = direct(local, "a cat without a message")[before:]
    assert len(alone.attachments) == 1
    assert not public(local, "a cat without a message")


@pytest.mark.parametrize("kind", ["channel", "thread"])
async def test_a_channel_that_is_gone_is_made_up_for_directly(local: LocalDiscord, bot: Bot, kind: str) -> None:
    """When the channel or the thread is deleted while the job waits, the pictures come as a direct message."""
    backend, ana, words = local.world.backend, local.world.members["ana"], f"a cat in a lost {kind}"
    if kind == "channel":
        place = backend.create_channel(local.world.guild_id, "doomed").id
    else:
        place = backend.create_thread(local.world.channel_id, "doomed", ana).id
    with held(bot):
        local.people.slash(ana, place, "txt2img", {"prompt": words, "num_inference_steps": 2})
        await local.wait_for(lambda: backend.messages.get(place), 200)
        await local.wait_for(lambda: [m for m in backend.messages[place].values() if not m.is_ephemeral], 200)
        backend.delete_channel(place)
    await local.wait_for(lambda: direct(local, words), 200)
    assert [len(m.attachments) for m in direct(local, words)] == [1]


async def test_a_permission_that_is_lost_meanwhile_is_made_up_for_directly(local: LocalDiscord, bot: Bot) -> None:
    """If the bot may no longer attach files, the pictures come as a direct message."""
    with held(bot):
        asked = slash(local, "txt2img", prompt="a forbidden cat", num_inference_steps=2)
        await announced(local, "a forbidden cat")
        local.fail(Fault(method="PATCH", path=f"{MESSAGES}/*", status=403, code=MISSING_PERMISSIONS))
    await done(local, asked)
    assert [len(m.attachments) for m in direct(local, "a forbidden cat")] == [1]


async def test_a_channel_that_is_hidden_meanwhile_is_made_up_for_directly(local: LocalDiscord, bot: Bot) -> None:
    """If the bot no longer sees the channel, the pictures come as a direct message."""
    with held(bot):
        slash(local, "txt2img", prompt="a hidden cat", num_inference_steps=2)
        await announced(local, "a hidden cat")
        shut = denied(local, view_channel=True)
        shut.__enter__()
    try:
        await local.wait_for(lambda: direct(local, "a hidden cat"), 200)
    finally:
        shut.__exit__(None, None, None)
    assert [len(m.attachments) for m in direct(local, "a hidden cat")] == [1]


async def test_a_message_too_old_to_be_edited_is_replaced(local: LocalDiscord, bot: Bot) -> None:
    """Where Discord allows no further edit of an hour-old message, a new one takes its place, with working buttons."""
    with held(bot):
        asked = slash(local, "txt2img", prompt="an hour-old cat", num_inference_steps=2)
        old = await announced(local, "an hour-old cat")
        local.fail(
            Fault(method="PATCH", path=f"{MESSAGES}/{old.id}", status=429, code=TOO_OLD, times=5, retry_after=0.1)
        )
    await done(local, asked)
    (new,) = await local.wait_for(lambda: [m for m in public(local, "an hour-old cat") if m.attachments], 200)
    assert new.id != old.id
    await local.wait_for(lambda: public(local, "an hour-old cat") == [new], 200)
    assert job_of(bot, new)["delivered_at"]


async def test_a_member_who_left_gets_the_pictures_in_the_channel_all_the_same(local: LocalDiscord, bot: Bot) -> None:
    """The job of a member who left the server ends as any other."""
    gone = local.world.add_member("gone")
    with held(bot):
        slash(local, "txt2img", "gone", prompt="a cat left behind", num_inference_steps=2)
        await announced(local, "a cat left behind")
        local.world.backend.remove_member(local.world.guild_id, gone)
    await local.wait_for(lambda: [m for m in public(local, "a cat left behind") if m.attachments], 200)


async def test_a_private_picture_whose_answer_ran_out_comes_directly(local: LocalDiscord, bot: Bot) -> None:
    """A job longer than the fifteen minutes of an interaction delivers a private picture as a direct message."""
    with held(bot):
        asked = slash(local, "txt2img", prompt="a slow secret cat", private=True, num_inference_steps=2)
        await local.wait_for(lambda: asked.content, 200)
        local.world.backend.clock.advance(16 * 60)
    await local.wait_for(lambda: direct(local, "a slow secret cat"), 200)
    assert [len(m.attachments) for m in direct(local, "a slow secret cat")] == [1]
    assert not public(local, "a slow secret cat")


async def test_a_public_picture_outlives_its_interaction(local: LocalDiscord, bot: Bot) -> None:
    """A job longer than the fifteen minutes of an interaction delivers into the channel's message."""
    with held(bot):
        slash(local, "txt2img", prompt="a slow cat", num_inference_steps=2)
        message = await announced(local, "a slow cat")
        local.world.backend.clock.advance(16 * 60)
    await local.wait_for(lambda: public(local, "a slow cat")[0].attachments, 200)
    assert public(local, "a slow cat") == [message]


async def test_what_nobody_takes_waits_in_the_outbox_until_the_member_can_be_reached(
    local: LocalDiscord, bot: Bot
) -> None:
    """With no way left the pictures wait, the operator sees them and why, and the next request brings them along."""
    dora = local.world.add_member("dora")
    inbox = local.world.backend.get_dm_channel(dora).id
    with (
        failing(local, "POST", f"/channels/{inbox}/messages", 403, CANNOT_SEND_TO_USER),
        failing(local, "PATCH", "/webhooks/*", 404, 10015),  # nor is there a private answer any longer
    ):
        with held(bot):
            slash(local, "txt2img", "dora", prompt="a cat in the outbox", num_inference_steps=2)
            message = await announced(local, "a cat in the outbox")
            local.world.backend.delete_message(message.channel_id, message.id)
        refused = f"/channels/{inbox}/messages"
        await local.wait_for(lambda: [c for c in local.rest.calls if c.path == refused and c.status == 403], 200)
        job = await _until(lambda: (row := job_of(bot, message))["tries"] and row)
        assert job["delivered_at"] is None
        listing = await _outbox(bot)
        assert job["id"] in listing
        assert "Cannot" in listing or str(CANNOT_SEND_TO_USER) in listing or "fault" in listing
    await done(local, slash(local, "txt2img", "dora", prompt="another one", num_inference_steps=2))
    await local.wait_for(lambda: direct(local, "a cat in the outbox", "dora"), 200)
    assert len(direct(local, "a cat in the outbox", "dora")) == 1
    await _until(lambda: job["id"] not in _waiting(bot))


@pytest.mark.slow
async def test_a_discord_that_is_down_is_tried_again(local: LocalDiscord) -> None:
    """Errors that discord.py does not try again are, with growing pauses, and the picture comes once."""
    local.fail(Fault(method="PATCH", path=f"{MESSAGES}/*", status=503, times=2))
    await done(local, slash(local, "txt2img", prompt="a cat through 503", num_inference_steps=2))
    assert [len(m.attachments) for m in public(local, "a cat through 503")] == [1]


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 502])
async def test_a_long_outage_is_outlasted(local: LocalDiscord, status: int) -> None:
    """More errors in a row than discord.py tries again lose nothing."""
    words = f"a cat after {status}"
    local.fail(Fault(method="PATCH", path=f"{MESSAGES}/*", status=status, times=6))
    slash(local, "txt2img", prompt=words, num_inference_steps=2)
    await local.wait_for(lambda: [m for m in public(local, words) if m.attachments], 90)
    assert len(public(local, words)) == 1


@pytest.mark.slow
async def test_a_long_rate_limit_holds_up_nobody_else(local: LocalDiscord) -> None:
    """A 429 for over a minute goes back to the outbox: another channel's picture comes meanwhile, then this one."""
    other = local.world.backend.create_channel(local.world.guild_id, "elsewhere").id
    path = f"/channels/{local.world.channel_id}/messages/*"
    local.fail(Fault(method="PATCH", path=path, status=429, retry_after=62.0))
    slash(local, "txt2img", prompt="a very limited cat", num_inference_steps=2)
    await local.wait_for(lambda: [c for c in local.rest.calls if c.status == 429 and c.method == "PATCH"], 200)
    milo = local.world.members["milo"]  # ana's own next request would have hers tried at once
    local.people.slash(milo, other, "txt2img", {"prompt": "an unlimited cat", "num_inference_steps": 2})
    await local.wait_for(lambda: [m for m in local.world.backend.messages.get(other, {}).values() if m.attachments], 45)
    assert not [m for m in public(local, "a very limited cat") if m.attachments]
    await local.wait_for(lambda: [m for m in public(local, "a very limited cat") if m.attachments], 90)
    assert len(public(local, "a very limited cat")) == 1


@asynccontextmanager
async def killed(local: LocalDiscord, bot: Bot, method: str, path: str) -> AsyncIterator[None]:
    """The bot is killed after Discord carried out its next request on this route, and before it was answered."""
    local.rest.latency = 5.0
    local.rest.carried_out.clear()
    yield
    await local.wait_for(lambda: [1 for m, p in local.rest.carried_out if m == method and fnmatch(p, path)], 200)
    await bot.kill()
    local.rest.latency = 0.0


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [0, 10])
async def test_a_message_whose_answer_was_lost_is_found_again(tmp_path: Path, minutes: int) -> None:
    """Killed after a message was sent and before its id came: soon its nonce finds it, later the search by job."""
    async with running(tmp_path, UNFILTERED) as (local, bot):
        async with killed(local, bot, "POST", MESSAGES):
            slash(local, "txt2img", prompt="a cat sent once", num_inference_steps=2)
        _age(local, bot, minutes)
        await bot.start()
        await local.wait_for(lambda: [m for m in public(local, "a cat sent once") if m.attachments], 200)
        assert [len(m.attachments) for m in public(local, "a cat sent once")] == [1]


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [0, 10])
async def test_a_direct_message_whose_answer_was_lost_is_found_again(tmp_path: Path, minutes: int) -> None:
    """The same holds for direct messages, and for edits, which may be repeated."""
    async with running(tmp_path, UNFILTERED) as (local, bot):
        with held(bot):
            slash(local, "txt2img", prompt="a cat told once", num_inference_steps=2)
            message = await announced(local, "a cat told once")
            await asyncio.sleep(0)
            local.world.backend.delete_message(message.channel_id, message.id)
        inbox = local.world.backend.get_dm_channel(local.world.members["ana"]).id
        async with killed(local, bot, "POST", f"/channels/{inbox}/messages"):
            pass
        _age(local, bot, minutes)
        await bot.start()
        await _until(lambda: not _waiting(bot))
        assert [len(m.attachments) for m in direct(local, "a cat told once")] == [1]


@pytest.mark.slow
async def test_a_delivery_whose_answer_was_lost_is_repeated_into_the_same_message(tmp_path: Path) -> None:
    """Killed after the edit and before it was noted: the edit is repeated, and there is one message with one file."""
    async with running(tmp_path, UNFILTERED) as (local, bot):
        with held(bot):
            slash(local, "txt2img", prompt="a cat edited twice", num_inference_steps=2)
            await announced(local, "a cat edited twice")
        async with killed(local, bot, "PATCH", f"{MESSAGES}/*"):
            pass
        await bot.start()
        await _until(lambda: not _waiting(bot))
        assert [len(m.attachments) for m in public(local, "a cat edited twice")] == [1]


def _age(local: LocalDiscord, bot: Bot, minutes: int) -> None:
    """So much time passed while the bot was down."""
    local.world.backend.clock.advance(minutes * 60)
    with sqlite3.connect(bot.folder / "data" / "criar.db") as database:
        database.execute("UPDATE jobs SET created_at = created_at - ?", [minutes * 60])


def _waiting(bot: Bot) -> list[str]:
    with sqlite3.connect(bot.folder / "data" / "criar.db") as database:
        return [row[0] for row in database.execute("SELECT id FROM jobs WHERE delivered_at IS NULL")]


async def _until(look, seconds: float = 200.0):  # type: ignore[no-untyped-def]
    """What ``look`` returns as soon as that is true: another process's database makes no event."""
    async with asyncio.timeout(seconds):
        while not (seen := look()):  # noqa: ASYNC110
            await asyncio.sleep(0.2)
        return seen


async def _outbox(bot: Bot) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "outbox", "--config", str(bot.config), stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    return output.decode()
