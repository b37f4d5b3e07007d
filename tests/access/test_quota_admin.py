"""/quota-admin, from the command to what it changes, what it shows and what it writes down."""

import csv
import io
from typing import Any

import pytest
from discord import Permissions
from PIL import Image
from simcord.backend.models import Message, Overwrite
from simcord.enums import OverwriteType

from sandbox.people import Asked

from .rig import Rig


@pytest.fixture
def newcomer(rig: Rig) -> str:
    """A member whom no other test knows."""
    name = f"new{len(rig.members)}"
    rig.local.world.add_member(name)
    return name


async def ask(rig: Rig, who: str, path: str, **options: Any) -> Asked:
    asked = rig.slash(rig.members[who], rig.local.world.channel_id, path, options)
    await rig.settle(lambda: asked.record.responded and not asked.loading and (asked.content or asked.message))
    return asked


def custom_id(message: Message, label: str) -> str:
    buttons = [part for row in message.components for part in row["components"]]
    return str(next(part["custom_id"] for part in buttons if part["label"] == label))


async def test_plans_grants_and_the_reset_are_shown_to_admin_and_member(rig: Rig, newcomer: str) -> None:
    """What an admin gives stands in their answer and in the member's own /quota, with the time when it ends."""
    member = rig.members[newcomer]
    given = await ask(rig, "adam", "quota-admin plan", plan="gold", member=member, reason="helps out")
    assert "Plan: gold" in given.content
    granted = await ask(rig, "oscar", "quota-admin grant", member=member, images=7, days=2, reason="won a prize")
    assert "7 images are granted." in granted.content
    seen = await ask(rig, newcomer, "quota")
    assert "0 of 100 images used today, 100 left" in seen.content
    assert "Plan: gold" in seen.content
    assert "Granted: 7 more until <t:" in seen.content
    assert "New ones come <t:" in seen.content
    taken = await ask(rig, "oscar", "quota-admin grant", member=member, images=0, reason="by mistake")
    assert "Granted" not in taken.content


async def test_a_role_carries_its_plan(rig: Rig, newcomer: str) -> None:
    """Who has the role has the plan in this server, as soon as he has it, and no longer than that."""
    backend, guild = rig.local.world.backend, rig.local.world.guild_id
    role = backend.create_role(guild, "Patron").id
    await ask(rig, "adam", "quota-admin plan", plan="patron", role=role, reason="they pay")
    assert "Plan: free" in (await ask(rig, newcomer, "quota")).content
    backend.add_member_role(guild, rig.members[newcomer], role)
    assert "Plan: patron" in (await ask(rig, newcomer, "quota")).content
    await ask(rig, "adam", "quota-admin plan", role=role, reason="no longer")
    assert "Plan: free" in (await ask(rig, newcomer, "quota")).content


async def test_a_ban_is_one_private_sentence_and_takes_back_what_waits(rig: Rig, newcomer: str) -> None:
    """The banned member's waiting pictures are cancelled, each of his commands gets the sentence, and unban ends it."""
    member = rig.members[newcomer]
    job, _ = await rig.job(newcomer, rig.local.world.channel_id, rig.local.world.guild_id, done=False)
    await ask(rig, "adam", "quota-admin ban", member=member, reason="floods")
    await rig.settle(lambda: f"{job.id}:0" in rig.service.cancelled)
    for path in ("quota", "help", "history"):
        refused = await ask(rig, newcomer, path)
        assert refused.content.startswith("You can no longer use this bot")
        assert refused.message
        assert refused.message.is_ephemeral
    suggested = rig.local.people.autocomplete(member, rig.local.world.channel_id, "txt2img", "model", "c", {})
    await rig.settle(lambda: suggested.record.responded)
    assert not suggested.record.autocomplete_choices
    await ask(rig, "adam", "quota-admin unban", member=member, reason="promised to stop")
    assert "images used today" in (await ask(rig, newcomer, "quota")).content


async def test_every_change_goes_into_the_audit_and_into_the_log_channel(rig: Rig, newcomer: str) -> None:
    """Each entry says who, what, for whom and why; older ones are a button away; the channel is told by itself."""
    world, member = rig.local.world, rig.members[newcomer]
    channel = world.backend.create_channel(world.guild_id, "log").id
    await ask(rig, "adam", "quota-admin log-channel", channel=channel, reason="so that all see it")
    for number in range(9):
        await ask(rig, "adam", "quota-admin set", member=member, images_per_day=number, reason=f"change {number}")
    shown = await ask(rig, "adam", "quota-admin audit")
    lines = shown.content.splitlines()
    assert f"<@{rig.members['adam']}>: <@{member}> 8 images a day – change 8" in lines[0]
    assert len(lines) == 8
    assert shown.message
    older = rig.local.people.press(rig.members["adam"], shown.message, custom_id(shown.message, "Older"))
    await rig.settle(lambda: "change 0" in shown.content)
    assert older.record.responded
    rig.local.people.press(rig.members["adam"], shown.message, custom_id(shown.message, "Newer"))
    await rig.settle(lambda: "change 8" in shown.content)
    posted = world.backend.messages.setdefault(channel, {})
    await rig.settle(lambda: sum("change" in message.content for message in posted.values()) == 9)
    await ask(rig, "adam", "quota-admin log-channel", reason="enough of it")


async def test_the_operator_s_log_channel_is_told_of_all_servers(rig: Rig, newcomer: str) -> None:
    """What the operator changes everywhere, and what admins change in theirs, is posted there with its reason."""
    member, channel = rig.members[newcomer], rig.client.config.discord.log_channel
    await ask(rig, "oscar", "quota-admin set", member=member, images_per_day=5, reason="everywhere five")
    await ask(rig, "adam", "quota-admin reset", member=member, reason="here anew")
    posted = rig.local.world.backend.messages.setdefault(channel or 0, {})

    def told(words: str) -> list[str]:
        return [message.content for message in posted.values() if words in message.content]

    await rig.settle(lambda: told("everywhere five") and told("here anew"))
    assert "5 images a day (in every server) – everywhere five" in told("everywhere five")[0]
    assert "(in every server)" not in told("here anew")[0]


async def test_a_channel_that_the_bot_may_not_write_into_is_refused(rig: Rig) -> None:
    """The admin is told before anything is lost there."""
    world = rig.local.world
    channel = world.backend.create_channel(world.guild_id, "sealed").id
    deny = Overwrite(world.guild_id, OverwriteType.ROLE, deny=Permissions(send_messages=True).value)
    world.backend.set_overwrite(channel, deny)
    bot = Overwrite(world.backend.bot_user.id, OverwriteType.MEMBER, deny=Permissions(send_messages=True).value)
    world.backend.set_overwrite(channel, bot)
    refused = await ask(rig, "adam", "quota-admin log-channel", channel=channel, reason="x")
    assert "I may not write into sealed" in refused.content


async def test_the_report_is_a_table_a_picture_and_a_file(rig: Rig, newcomer: str) -> None:
    """The lines, the picture's alt text and the file have the same numbers."""
    for _ in range(3):
        await rig.job(newcomer, rig.local.world.channel_id, rig.local.world.guild_id)
    shown = await ask(rig, "oscar", "quota-admin report", days=1, everywhere=True)
    assert shown.message
    picture, file = shown.message.attachments
    drawn, table = rig.local.files(shown.message)
    assert Image.open(io.BytesIO(drawn)).width == 960
    rows = {int(row["user_id"]): int(row["images"]) for row in csv.DictReader(io.StringIO(table.decode()))}
    assert rows[rig.members[newcomer]] == 3
    assert file["filename"] == "criar-usage.csv"
    assert f"{sum(rows.values())} images since 20" in shown.content
    assert picture["description"].startswith(f"{sum(rows.values())} images since 20")
    first = shown.content.splitlines()[1]
    assert first.startswith("**1.** <@")
    assert f" {max(rows.values())} (criar-embedded" in first


async def test_whoever_is_too_fast_is_asked_to_wait(rig: Rig, newcomer: str) -> None:
    """After as many commands in a minute as the configuration lets through, the next one is refused politely."""
    window = rig.client.admission._members
    most, window._most = window._most, 5
    try:
        for _ in range(5):
            assert "images used today" in (await ask(rig, newcomer, "quota")).content
        assert "That was a lot in one minute; try again in" in (await ask(rig, newcomer, "quota")).content
        assert "images used today" in (await ask(rig, "oscar", "quota")).content
    finally:
        window._most = most
