"""What goes wrong between the bot and Discord, and what the member gets all the same."""

import asyncio
import re
import sqlite3
from pathlib import Path

import psutil
import pytest
from discord import Permissions
from simcord.backend.models import Message, Overwrite
from simcord.enums import OverwriteType

from sandbox import LocalDiscord
from sandbox.rest import Fault

from .bot import Bot, running
from .commands import BAR, delivered, done, press, slash

MESSAGES = "/channels/*/messages"


def with_pictures(local: LocalDiscord, words: str) -> list[Message]:
    return [m for m in local.messages() if words in m.content and m.attachments and not m.is_ephemeral]


@pytest.mark.parametrize("resumable", [True, False])
@pytest.mark.slow
async def test_a_gateway_that_drops_in_mid_job_costs_nothing(local: LocalDiscord, resumable: bool) -> None:
    """The pictures arrive once though the gateway was cut while they were made, and the next command works."""
    words = f"a boat while the gateway drops {resumable}"
    asked = slash(local, "txt2img", prompt=words, num_inference_steps=80)
    await local.wait_for(lambda: BAR in asked.content, 200)
    await local.gateway.drop(resumable=resumable)
    await local.wait_for(lambda: with_pictures(local, words), 200)
    await local.connected()
    await done(local, slash(local, "txt2img", prompt="and the next one"))
    assert len(with_pictures(local, words)) == 1


async def test_a_rate_limit_is_waited_for(local: LocalDiscord) -> None:
    """A 429 on the delivery is retried after the time it names, and the pictures arrive once."""
    local.fail(Fault(method="PATCH", path=f"{MESSAGES}/*", status=429, retry_after=1.5))
    await done(local, slash(local, "txt2img", prompt="a limited cat"))
    assert len(with_pictures(local, "a limited cat")) == 1


@pytest.mark.parametrize("status", [500, 502])
@pytest.mark.slow
async def test_discords_own_errors_are_outlasted(local: LocalDiscord, status: int) -> None:
    """Errors of Discord's server while announcing are tried again; the announcement is not doubled."""
    local.fail(Fault(method="POST", path=MESSAGES, status=status, times=2))
    words = f"a cat through {status}"
    await done(local, slash(local, "txt2img", prompt=words))
    assert len([m for m in local.messages() if words in m.content and not m.is_ephemeral]) == 1


async def test_a_file_over_the_limit_is_sent_smaller(local: LocalDiscord) -> None:
    """Where Discord refuses a file as too large, the picture comes in fewer bytes."""
    local.rest.upload_limit, before = 20_000, local.rest.upload_limit
    try:
        await done(local, slash(local, "txt2img", prompt="a heavy cat"))
    finally:
        local.rest.upload_limit = before
    assert any(call.status == 413 for call in local.rest.calls)
    (data,) = local.files(delivered(local, "a heavy cat"))
    assert len(data) <= 20_000


async def test_an_interaction_delivered_twice_is_one_job(local: LocalDiscord) -> None:
    """The second delivery of a command makes and charges nothing."""
    local.world.add_member("tess")
    asked = slash(local, "txt2img", "tess", prompt="a cat told twice")
    local.people.repeat(asked)
    assert "499 of 500" in await done(local, asked)
    assert len([m for m in local.messages() if "a cat told twice" in m.content and not m.is_ephemeral]) == 1


async def test_a_message_that_was_deleted_meanwhile_is_delivered_directly(local: LocalDiscord) -> None:
    """Where the announcement is gone, the member gets the pictures as a direct message."""
    ana = local.world.members["ana"]
    asked = slash(local, "txt2img", prompt="a cat without a message", num_inference_steps=80)
    (message,) = await local.wait_for(
        lambda: [m for m in local.messages() if "a cat without a message" in m.content and not m.is_ephemeral], 30
    )
    local.world.backend.delete_message(message.channel_id, message.id)
    await done(local, asked)
    direct = local.world.backend.messages[local.world.backend.dm_channels[ana]]
    assert any("a cat without a message" in m.content and m.attachments for m in direct.values())


async def test_a_channel_where_the_bot_may_not_post_is_said_before_anything_is_made(local: LocalDiscord) -> None:
    """Without the permission to attach files, the command is refused with what an admin must allow."""
    backend = local.world.backend
    channel = backend.get_channel(local.world.channel_id)
    deny = Overwrite(
        target_id=backend.bot_user.id, type=OverwriteType.MEMBER, deny=Permissions(attach_files=True).value
    )
    channel.overwrites.append(deny)
    try:
        asked = slash(local, "txt2img", prompt="nowhere to go")
        await local.answered(asked)
    finally:
        channel.overwrites.remove(deny)
    assert "attach files" in asked.content
    assert not [m for m in backend.messages[local.world.channel_id].values() if "nowhere to go" in m.content]


@pytest.mark.slow
async def test_a_bot_that_is_killed_delivers_after_its_restart_and_its_buttons_work(tmp_path: Path) -> None:
    """SIGKILL in mid-job: the next start makes and delivers the pictures once; old buttons and modals work."""
    async with running(tmp_path) as (local, bot):
        ana = local.world.members["ana"]
        await done(local, slash(local, "txt2img", prompt="a cat from before"))
        first = delivered(local, "a cat from before")
        shown = await press(local, ana, first, "Edit the prompt")
        await local.wait_for(lambda: shown.record.modal)
        asked = slash(local, "txt2img", prompt="a cat in two runs", count=2, num_inference_steps=100)
        await local.wait_for(lambda: BAR in asked.content, 200)
        await bot.kill()
        await bot.start()
        await local.wait_for(lambda: with_pictures(local, "a cat in two runs"), 200)
        (message,) = [m for m in local.messages() if "a cat in two runs" in m.content and not m.is_ephemeral]
        assert len(message.attachments) == 2
        again = await press(local, ana, first, "Again")
        assert "16 of 20" in await done(local, again)
        sent = local.people.submit(ana, shown, {"prompt": "a cat from an old modal"})
        await done(local, sent)
        assert len(with_pictures(local, "a cat from an old modal")) == 1
        syncs = [call for call in local.rest.calls if call.method == "PUT" and call.path.endswith("/commands")]
        assert len(syncs) == 1


@pytest.mark.slow
async def test_all_buttons_work_a_week_later_after_a_restart_and_without_the_files(tmp_path: Path) -> None:
    """Gallery, single picture and strip of strengths: a week on, the files deleted, the bot killed and started."""
    async with running(tmp_path) as (local, bot):
        ana = local.world.members["ana"]
        await done(local, slash(local, "txt2img", prompt="an old cat", count=2, num_inference_steps=5, seed=4))
        gallery = delivered(local, "an old cat")
        await press(local, ana, gallery, "Take 1")
        await local.wait_for(lambda: delivered(local, "an old cat").id != gallery.id, 200)
        alone = delivered(local, "an old cat")
        await done(local, await press(local, ana, alone, "Compare"))
        strip = delivered(local, "strengths 0.2")
        await bot.kill()
        local.world.backend.clock.advance(7 * 24 * 3600)
        for folder in ("pictures", "inputs"):
            for path in (bot.folder / "data" / folder).iterdir():
                path.unlink()
        await bot.start()
        for message, label in ((gallery, "Take 2"), (alone, "Refine low"), (alone, "Enlarge 4"), (strip, "Take 0.6")):
            newest = max(each.id for each in local.messages() if each.attachments)
            asked = await press(local, ana, message, label)
            await local.acknowledged(asked)
            await local.wait_for(lambda: [m for m in local.messages() if m.attachments and m.id > newest], 200)  # noqa: B023
        for message, label in ((alone, "Origin"), (gallery, "Details"), (alone, "Details")):
            told = await press(local, ana, message, label)
            await local.wait_for(lambda: "an old cat" in told.content, 200)  # noqa: B023
        for message, label in ((gallery, "Edit the prompt"), (alone, "Refine with")):
            shown = await press(local, ana, message, label)
            await local.wait_for(lambda: shown.record.modal, 200)  # noqa: B023
        await press(local, ana, alone, "Remove")
        await press(local, ana, gallery, "Delete")
        await local.wait_for(lambda: not {alone.id, gallery.id} & {message.id for message in local.messages()}, 200)


@pytest.mark.slow
async def test_twenty_images_a_day_and_not_one_more(tmp_path: Path) -> None:
    """The twenty-first image is refused privately, with the time of the reset."""
    async with running(tmp_path) as (local, _):
        asked = [slash(local, "txt2img", prompt=f"cat {n}", count=4, num_inference_steps=2) for n in range(5)]
        await asyncio.gather(*(done(local, each) for each in asked))
        over = slash(local, "txt2img", prompt="one too many")
        await local.answered(over)
        assert over.message
        assert over.message.is_ephemeral
        assert "0 of your 20 images left today; new ones come <t:" in over.content


@pytest.mark.slow
async def test_sigterm_ends_the_bot_and_its_child(tmp_path: Path) -> None:
    """The bot ends with 0 and leaves no child behind, also while pictures are being made."""
    async with running(tmp_path) as (local, bot):
        asked = slash(local, "txt2img", prompt="the last cat", count=4, num_inference_steps=100)
        await local.wait_for(lambda: BAR in asked.content, 200)
        assert bot.process
        children = psutil.Process(bot.process.pid).children(recursive=True)
        assert children
        assert await bot.stop() == 0
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 10)
        assert not alive


async def test_a_picture_that_was_cleaned_up_is_fetched_again_from_its_message(local: LocalDiscord, bot: Bot) -> None:
    """Replying to a picture whose file is gone refines it all the same."""
    await done(local, slash(local, "txt2img", prompt="a cat swept away"))
    source = delivered(local, "a cat swept away")
    for path in (bot.folder / "data" / "pictures").iterdir():
        path.unlink()
    local.people.say(
        local.world.members["ana"],
        local.world.channel_id,
        f"<@{local.world.backend.bot_user.id}> found again as a drawing",
        (),
        source.id,
    )
    await local.wait_for(lambda: with_pictures(local, "found again as a drawing"), 200)


async def test_an_unexpected_error_gives_a_number_that_is_in_the_log_too(local: LocalDiscord, bot: Bot) -> None:
    """Where the database breaks, the member gets a short sentence with a number instead of silence."""
    with sqlite3.connect(bot.folder / "data" / "criar.db") as database:
        database.execute("CREATE TRIGGER broken BEFORE INSERT ON jobs BEGIN SELECT RAISE(ABORT, 'broken'); END")
    asked = slash(local, "txt2img", prompt="a cat that never was")
    await local.answered(asked)
    with sqlite3.connect(bot.folder / "data" / "criar.db") as database:
        database.execute("DROP TRIGGER broken")
    number = re.search(r"the number ([0-9a-f]{6})\.", asked.content)
    assert number
    assert f"error {number[1]} in interaction {asked.record.id}" in bot.log.read_text()


async def test_an_admin_who_is_not_the_operator_is_held_to_the_ceiling(local: LocalDiscord) -> None:
    """An admin sets limits up to the ceiling for their server; more is refused, and other members may set none."""
    role = local.world.backend.create_role(
        local.world.guild_id, "Admins", permissions=Permissions(manage_guild=True).value
    )
    local.world.add_member("ada", roles=[role.id])
    ben = local.world.add_member("ben")
    over = slash(local, "quota-admin set", "ada", member=ben, images_per_day=501, reason="x")
    await local.answered(over)
    assert "at most 500 images a day" in over.content
    within = slash(local, "quota-admin set", "ada", member=ben, images_per_day=3, reason="x")
    await local.answered(within)
    assert "for this server" in within.content
    refused = slash(local, "txt2img", "ben", prompt="four of three", count=4)
    await local.answered(refused)
    assert "3 of your 3 images left" in refused.content
