"""/moderation: what a server's moderators may do about members. Who is one is Discord's right, or a role."""

from dataclasses import replace
from datetime import timedelta

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.admin.group import MEMBER, REASON, WHERE, WHERES, Reason, show_member
from bot.commands.admin.rules import forgive, show_strikes
from bot.components.job import cancel_of
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_moderation
from bot.messages.buttons import queue_menu, queued
from bot.store import Ban
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

MOST_DAYS = 365
MAX_LINE, MAX_TEXT = 200, 1900  # characters

moderation = app_commands.Group(
    name=locale_str("moderation"),
    description=locale_str("Keep order: who may use the bot here, and who broke the rules"),
    default_permissions=discord.Permissions(moderate_members=True),
    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
)


@moderation.command(name=locale_str("ban"), description=locale_str("Keep a member from using the bot"))
@app_commands.describe(
    member=locale_str("Who"), reason=REASON, days=locale_str("For how many days; leave it out for no end"), where=WHERE
)
@app_commands.choices(where=WHERES)
async def ban(
    interaction: Interaction,
    member: discord.User,
    reason: Reason,
    days: app_commands.Range[int, 1, MOST_DAYS] | None = None,
    where: str | None = None,
) -> None:
    await acknowledge(interaction)
    change = await authorise_moderation(interaction, reason, user_id=member.id, where=where)
    client, say = interaction.client, speaker_for(interaction)
    if member.id == interaction.user.id or member.id in client.config.discord.operators:
        raise Refusal("You cannot ban yourself or the bot's operators.")
    rights = member.resolved_permissions if isinstance(member, discord.Member) else None
    if rights and rights.manage_guild and not (change.by_operator or interaction.permissions.manage_guild):
        raise Refusal("Only those who may manage the server can ban others who may.")
    ends_at = change.at + timedelta(days=days) if days else None
    await client.manager.ban(change, ends_at)
    did = (
        say("{member} can no longer use the bot, in any server.", member=member.mention)
        if change.by_operator
        else say("{member} can no longer use the bot in this server.", member=member.mention)
    )
    if ends_at:
        did += " " + say("That ends <t:{until}:f>.", until=int(ends_at.timestamp()))
    await interaction.edit_original_response(content=did)


@moderation.command(name=locale_str("unban"), description=locale_str("Let a member use the bot again"))
@app_commands.describe(member=locale_str("Who"), reason=REASON, where=WHERE)
@app_commands.choices(where=WHERES)
async def unban(interaction: Interaction, member: discord.User, reason: Reason, where: str | None = None) -> None:
    await acknowledge(interaction)
    change = await authorise_moderation(interaction, reason, user_id=member.id, where=where)
    if not await interaction.client.store.bans.unban(change):
        raise Refusal("There is no ban here that you can lift.")
    say = speaker_for(interaction)
    await interaction.edit_original_response(content=say("{member} can use the bot again.", member=member.mention))


@moderation.command(name=locale_str("bans"), description=locale_str("See who may not use the bot here"))
async def bans(interaction: Interaction) -> None:
    await acknowledge(interaction)
    change, say = await authorise_moderation(interaction), speaker_for(interaction)
    found = interaction.client.store.bans.all(change.guild_id)
    lines = [_line(say, each, in_all=change.by_operator) for each in found]
    none = say("Nobody is banned.")
    await interaction.edit_original_response(content="\n".join(lines)[:MAX_TEXT] or none)


@moderation.command(name=locale_str("show"), description=locale_str("See what a member used today, and any ban"))
@app_commands.describe(member=MEMBER)
async def show(interaction: Interaction, member: discord.User) -> None:
    await acknowledge(interaction)
    await authorise_moderation(interaction)
    await show_member(interaction, member)


@moderation.command(name=locale_str("strikes"), description=locale_str("See who used forbidden words"))
@app_commands.describe(member=locale_str("Whose strikes"))
async def strikes(interaction: Interaction, member: discord.User | None = None) -> None:
    await acknowledge(interaction)
    await show_strikes(interaction, await authorise_moderation(interaction), member)


@moderation.command(name=locale_str("lift"), description=locale_str("Forgive a member's strikes"))
@app_commands.describe(member=locale_str("Whose strikes"), reason=REASON)
async def lift(interaction: Interaction, member: discord.User, reason: str = "") -> None:
    await acknowledge(interaction)
    await forgive(interaction, await authorise_moderation(interaction, reason, user_id=member.id), member)


@moderation.command(name=locale_str("cancel"), description=locale_str("Cancel what a member has waiting here"))
@app_commands.describe(member=locale_str("Who"), reason=REASON)
async def cancel(interaction: Interaction, member: discord.User, reason: Reason) -> None:
    await acknowledge(interaction)
    change = await authorise_moderation(interaction, reason, user_id=member.id)
    client, say = interaction.client, speaker_for(interaction)
    jobs = await client.store.jobs.undelivered(member.id)
    here = [job for job in jobs if change.by_operator or job.guild_id == interaction.guild_id]
    await interaction.edit_original_response(content=await cancel_of(client, say, change, here))


@moderation.command(name=locale_str("queue"), description=locale_str("See whose pictures wait in this server"))
async def queue(interaction: Interaction) -> None:
    await acknowledge(interaction)
    change, say = await authorise_moderation(interaction), speaker_for(interaction)
    jobs = await interaction.client.store.jobs.undelivered()
    here = [job for job in jobs if change.guild_id in (None, job.guild_id) and not job.complete]
    lines = [
        f"{number}. <@{job.user_id}> {queued(job)}, <t:{int(job.created_at.timestamp())}:R>"
        for number, job in enumerate(here, 1)
    ]
    if lines:
        await interaction.edit_original_response(content="\n".join(lines)[:MAX_TEXT], view=queue_menu(say, here))
    else:
        await interaction.edit_original_response(content=say("Nothing is waiting."))


@moderation.command(
    name=locale_str("pause"), description=locale_str("Pause requests in this server, with a sentence for members")
)
@app_commands.describe(sentence=locale_str("Why, for members; leave it out to resume"))
async def pause(interaction: Interaction, sentence: Reason | None = None) -> None:
    await acknowledge(interaction)
    change = replace(await authorise_moderation(interaction, sentence or ""), guild_id=interaction.guild_id)
    await interaction.client.store.key_values.set_pause(change)
    say = speaker_for(interaction)
    did = (
        say("Requests are paused in this server, and members see why. What is waiting will still be made.")
        if sentence
        else say("Requests are taken again in this server.")
    )
    await interaction.edit_original_response(content=did)


def _line(say: Speaker, ban: Ban, *, in_all: bool) -> str:
    """A ban: whom, since when, until when, by whom, why."""
    parts = [f"<@{ban.user_id}>", f"<t:{int(ban.at.timestamp())}:d>"]
    if ban.ends_at:
        parts.append(say("until <t:{until}:f>", until=int(ban.ends_at.timestamp())))
    if ban.actor_id:
        parts.append(say("by {who}", who=f"<@{ban.actor_id}>"))
    if in_all:
        parts.append(say("in every server") if not ban.guild_id else say("in server {server}", server=ban.guild_id))
    line = ", ".join(parts)
    return f"{line} – {escape_for_discord(ban.reason, MAX_LINE)}" if ban.reason else line
