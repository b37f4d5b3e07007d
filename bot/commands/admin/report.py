"""/quota-admin report, audit, log-channel: who used what, and who changed what."""

import io

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.admin.group import REASON, Reason, quota_admin
from bot.components.audit import show_audit
from bot.errors import Refusal
from bot.interactions.acknowledge import NEEDED_IN_CHANNEL, acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change
from bot.messages.usage_report import since, usage_report

DAYS, MOST_DAYS = 7, 90


@quota_admin.command(name=locale_str("report"), description=locale_str("See who used what, as a table and a picture"))
@app_commands.describe(
    days=locale_str("How many days, today among them; 7 if you do not choose"),
    everywhere=locale_str("Over all servers; only for the bot's operator"),
)
async def report(
    interaction: Interaction, days: app_commands.Range[int, 1, MOST_DAYS] = DAYS, everywhere: bool = False
) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction)
    if everywhere and not change.by_operator:
        raise Refusal("Only the bot's operator sees all servers.")
    client, say = interaction.client, speaker_for(interaction)
    guild_id = None if everywhere else interaction.guild_id
    first = since(change.at, days, client.config.zone)
    used = await client.store.usages.report(guild_id, first)
    if not used:
        await interaction.edit_original_response(content=say("Nothing was made in that time."))
        return
    shown = await usage_report(say, used, first)
    files = [
        discord.File(io.BytesIO(shown.png), "criar-usage.png", description=shown.alt_text),
        discord.File(io.BytesIO(shown.csv), "criar-usage.csv"),
    ]
    await interaction.edit_original_response(content=shown.text, attachments=files)


@quota_admin.command(name=locale_str("audit"), description=locale_str("See who changed what, and why"))
async def audit(interaction: Interaction) -> None:
    await acknowledge(interaction)
    await show_audit(interaction)


@quota_admin.command(name=locale_str("log-channel"), description=locale_str("Post every change into a channel, too"))
@app_commands.describe(channel=locale_str("Which channel; leave it out to post nowhere"), reason=REASON)
async def log_channel(interaction: Interaction, reason: Reason, channel: discord.TextChannel | None = None) -> None:
    await acknowledge(interaction)
    change, say = authorise_change(interaction, reason, here=True), speaker_for(interaction)
    if channel and not channel.permissions_for(channel.guild.me).is_superset(NEEDED_IN_CHANNEL):
        raise Refusal("I may not write into {channel}; allow me to view it and to send messages.", channel=channel.name)
    await interaction.client.store.quotas.set_log_channel(change, channel.id if channel else None)
    did = (
        say("Changes are posted into {channel}.", channel=channel.mention)
        if channel
        else say("Changes are not posted.")
    )
    await interaction.edit_original_response(content=did)
