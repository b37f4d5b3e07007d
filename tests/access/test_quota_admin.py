"""/quota-admin, from the command to what it changes, what it shows and what it writes down."""

import csv
import io
from typing import Any

import pytest
from discord import Permissions
from PIL import Image
from simcord.backend.models import Message, Overwrite
from simcord.enums import OverwriteType

from bot.commands.options import MAX_CHOICES
from bot.messages.audit_entry import AUDIT_KINDS, DONE
from bot.store import Action
from bot.text.translate import speaker
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
    """Who has the role has the plan in this server, as soon as they have it and only as long."""
    backend, guild = rig.local.world.backend, rig.local.world.guild_id
    role = backend.create_role(guild, "Patron").id
    await ask(rig, "adam", "quota-admin plan", plan="patron", role=role, reason="they pay")
    assert "Plan: free" in (await ask(rig, newcomer, "quota")).content
    backend.add_member_role(guild, rig.members[newcomer], role)
    assert "Plan: patron" in (await ask(rig, newcomer, "quota")).content
    await ask(rig, "adam", "quota-admin plan", role=role, reason="no longer")
    assert "Plan: free" in (await ask(rig, newcomer, "quota")).content


async def test_a_ban_is_one_private_sentence_and_takes_back_what_waits(rig: Rig, newcomer: str) -> None:
    """The banned member's waiting pictures are cancelled, each command is answered with the sentence; unban ends it."""
    member = rig.members[newcomer]
    job, _ = await rig.job(newcomer, rig.local.world.channel_id, rig.local.world.guild_id, done=False)
    await ask(rig, "adam", "moderation ban", member=member, reason="floods")
    await rig.settle(lambda: f"{job.id}:0" in rig.service.cancelled)
    for path in ("quota", "help", "history"):
        refused = await ask(rig, newcomer, path)
        assert refused.content.startswith("You can no longer use this bot")
        assert refused.message
        assert refused.message.is_ephemeral
    suggested = rig.local.people.autocomplete(member, rig.local.world.channel_id, "txt2img", "model", "c", {})
    await rig.settle(lambda: suggested.record.responded)
    assert not suggested.record.autocomplete_choices
    await ask(rig, "adam", "moderation unban", member=member, reason="promised to stop")
    assert "images used today" in (await ask(rig, newcomer, "quota")).content


async def test_a_ban_has_a_reason_and_an_end_and_is_seen(rig: Rig, newcomer: str) -> None:
    """Finding 12: the moderator's ban stands in the list and in show, and the banned are said why and until when."""
    member = rig.members[newcomer]
    await ask(rig, "milo", "moderation ban", member=member, reason="floods the channel", days=3)
    for path, options in (("bans", {}), ("show", {"member": member})):
        seen = (await ask(rig, "milo", f"moderation {path}", **options)).content
        assert f"<@{member}>" in seen
        assert "floods the channel" in seen
        assert f"by <@{rig.members['milo']}>" in seen
        assert "until <t:" in seen
    assert "Banned since" in (await ask(rig, "adam", "quota-admin show", member=member)).content
    refused = (await ask(rig, newcomer, "quota")).content
    assert refused.startswith("You cannot use this bot until <t:")
    assert "floods the channel" in refused
    await ask(rig, "milo", "moderation unban", member=member, reason="promised to stop")
    assert f"<@{member}>" not in (await ask(rig, "milo", "moderation bans")).content


async def test_a_role_moderates_instead_of_discord_s_right(rig: Rig, newcomer: str) -> None:
    """Finding 10: with a role named, who has it moderates, and who only may moderate members does not."""
    backend, guild = rig.local.world.backend, rig.local.world.guild_id
    role = backend.create_role(guild, "Helpers").id
    await ask(rig, "adam", "quota-admin moderators", role=role, reason="they help")
    assert "Only this server's moderators" in (await ask(rig, "milo", "moderation bans")).content
    backend.add_member_role(guild, rig.members[newcomer], role)
    assert "banned" in (await ask(rig, newcomer, "moderation bans")).content.lower()
    await ask(rig, "adam", "quota-admin moderators", reason="back to Discord's")
    assert "Only this server's" not in (await ask(rig, "milo", "moderation bans")).content


async def test_a_pause_is_one_sentence_and_costs_nothing(rig: Rig, newcomer: str) -> None:
    """While a server pauses, members are told why and nothing is charged; the queue can be seen; then it goes on."""
    job, _ = await rig.job(newcomer, rig.local.world.channel_id, rig.local.world.guild_id, done=False)
    assert f"<@{rig.members[newcomer]}> 1 × txt2img" in (await ask(rig, "milo", "moderation queue")).content
    await ask(rig, "milo", "moderation cancel", member=rig.members[newcomer], reason="makes room")
    await rig.settle(lambda: f"{job.id}:0" in rig.service.cancelled)
    await ask(rig, "milo", "moderation pause", sentence="back at eight")
    refused = (await ask(rig, newcomer, "txt2img", prompt="a cat")).content
    assert refused == "No requests are taken in this server just now: back at eight"
    assert "0 of" in (await ask(rig, newcomer, "quota")).content
    await ask(rig, "milo", "moderation pause")
    before = rig.service.asked[rig.members[newcomer]]
    rig.slash(rig.members[newcomer], rig.local.world.channel_id, "txt2img", {"prompt": "a cat"})
    await rig.settle(lambda: rig.service.asked[rig.members[newcomer]] > before)


async def test_nothing_empty_is_given(rig: Rig, newcomer: str) -> None:
    """Finding 11 and 17: a grant that could not be used is refused with the remedy; a limit taken away is said."""
    member = rig.members[newcomer]
    refused = (await ask(rig, "adam", "quota-admin grant", member=member, images=10, reason="prize")).content
    assert "A grant would be empty" in refused
    assert f"[servers.{rig.local.world.guild_id}]" in refused
    taken = (await ask(rig, "adam", "quota-admin set", member=member, reason="back to the plan")).content
    assert "own limit is removed in this server" in taken


async def test_the_audit_is_filtered_by_member_and_kind(rig: Rig, newcomer: str) -> None:
    """Finding 12: only what is about a member, or of a kind, is shown, also on the next page."""
    member = rig.members[newcomer]
    for number in range(9):
        await ask(rig, "adam", "quota-admin set", member=member, images_per_day=number, reason=f"step {number}")
    await ask(rig, "adam", "quota-admin reset", member=member, reason="once")
    shown = await ask(rig, "adam", "quota-admin audit", member=member, kind="set")
    assert len(shown.content.splitlines()) == 8
    assert "once" not in shown.content
    assert shown.message
    rig.local.people.press(rig.members["adam"], shown.message, custom_id(shown.message, "Older"))
    await rig.settle(lambda: "step 0" in shown.content)
    assert len(shown.content.splitlines()) == 1


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
    await ask(rig, "adam", "quota-admin reset", member=member, reason="reset here")
    posted = rig.local.world.backend.messages.setdefault(channel or 0, {})

    def told(words: str) -> list[str]:
        return [message.content for message in posted.values() if words in message.content]

    await rig.settle(lambda: told("everywhere five") and told("reset here"))
    assert "5 images a day (in every server) – everywhere five" in told("everywhere five")[0]
    assert "(in every server)" not in told("reset here")[0]


async def test_a_channel_that_the_bot_may_not_write_into_is_refused(rig: Rig) -> None:
    """The admin is told before anything is lost there."""
    world = rig.local.world
    channel = world.backend.create_channel(world.guild_id, "sealed").id
    deny = Overwrite(world.guild_id, OverwriteType.ROLE, deny=Permissions(send_messages=True).value)
    world.backend.set_overwrite(channel, deny)
    bot = Overwrite(world.backend.bot_user.id, OverwriteType.MEMBER, deny=Permissions(send_messages=True).value)
    world.backend.set_overwrite(channel, bot)
    refused = await ask(rig, "adam", "quota-admin log-channel", channel=channel, reason="x")
    assert "I may not write in sealed" in refused.content


async def test_the_report_is_a_table_a_picture_and_a_file(rig: Rig, newcomer: str) -> None:
    """The lines, the picture's alt text and the file have the same numbers."""
    for _ in range(3):
        await rig.job(newcomer, rig.local.world.channel_id, rig.local.world.guild_id)
    shown = await ask(rig, "oscar", "quota-admin report", days=1, everywhere=True)
    assert shown.message
    picture, file = shown.message.attachments
    drawn, table = rig.local.files(shown.message)
    assert Image.open(io.BytesIO(drawn)).width == 1100
    read = list(csv.DictReader(io.StringIO(table.decode())))
    assert {"day", "server_id", "name", "seconds"} <= set(read[0])
    rows: dict[int, int] = {}
    for row in read:
        rows[int(row["user_id"])] = rows.get(int(row["user_id"]), 0) + int(row["images"])
    assert {row["name"] for row in read if int(row["user_id"]) == rig.members[newcomer]} <= {newcomer.title(), ""}
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


async def test_an_operator_chooses_between_this_server_and_all(rig: Rig, newcomer: str) -> None:
    """Finding 25: here they are held to what its admins may give; an admin cannot choose every server."""
    member, guild = rig.members[newcomer], rig.local.world.guild_id
    here = await ask(rig, "oscar", "quota-admin set", member=member, images_per_day=5, where="here", reason="here five")
    assert "for this server" in here.content
    (entry,) = await rig.store.audit.page(None, None, 1)
    assert (entry.guild_id, entry.actor_id) == (guild, rig.members["oscar"])
    await ask(rig, "oscar", "moderation ban", member=member, where="here", reason="floods")
    ban = rig.store.bans.of(member, guild)
    assert ban
    assert ban.guild_id == guild
    assert not rig.store.bans.of(member, rig.other_guild)
    await ask(rig, "oscar", "moderation unban", member=member, where="here", reason="enough")
    refused = await ask(rig, "adam", "quota-admin reset", member=member, where="everywhere", reason="all")
    assert "Only the bot's operator can change that in every server" in refused.content
    await ask(rig, "oscar", "quota-admin set", member=member, where="here", reason="back")


async def test_an_empty_grant_names_the_member_and_the_remedy(rig: Rig, newcomer: str) -> None:
    """Finding 11: the sentence shows the member as Discord does, and the line of the operator's configuration."""
    member = rig.members[newcomer]
    refused = (await ask(rig, "adam", "quota-admin grant", member=member, images=5, reason="thanks")).content
    assert f"<@{member}> has as many already" in refused
    assert f"[servers.{rig.local.world.guild_id}]" in refused


async def test_words_are_imported_and_exported_as_a_file(rig: Rig) -> None:
    """Finding 13: a file's words are forbidden at once, known ones counted; a line that cannot be changes nothing."""
    said = await ask(rig, "adam", "rules import", file=("words.txt", "# ours\ntulip\nBläck  Rose*\n\ntulip\n".encode()))
    assert "2 words are forbidden now; 0 of the file were before." in said.content
    said = await ask(rig, "adam", "rules import", file=("words.txt", b"tulip\norchid\n"))
    assert "1 word is forbidden now; 1 of the file were before." in said.content
    refused = {b"fern\nx\n": "Line 2 cannot", b"\xff\xfe\x00": "not a text file", b"a" * 70_000: "64 KB"}
    for data, words in refused.items():
        assert words in (await ask(rig, "adam", "rules import", file=("words.txt", data))).content
    exported = await ask(rig, "adam", "rules export")
    assert exported.message
    (data,) = rig.local.files(exported.message)
    assert data.decode().split("\n") == ["black rose*", "orchid", "tulip", ""]
    for word in ("black rose*", "orchid", "tulip"):
        await ask(rig, "adam", "rules allow", word=word)


def test_every_kind_of_entry_can_be_chosen() -> None:
    """The audit's filter knows each kind, in words of the member's language; Discord allows 25 choices."""
    assert set(AUDIT_KINDS) == set(DONE) == set(Action)
    assert len(AUDIT_KINDS) <= MAX_CHOICES
    assert speaker("es-ES")(AUDIT_KINDS[Action.BAN]) == "miembros vetados"
