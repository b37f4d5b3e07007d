"""/quota-admin report, audit, log-channel: who used what, and who changed what."""

import io
from contextlib import suppress

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Client, Interaction
from bot.commands.admin.group import REASON, Reason, quota_admin
from bot.components.audit import show_audit
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.channel_permissions import NEEDED_IN_CHANNEL
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change
from bot.jobs.delivery import DELIVERY_ERRORS
from bot.messages.audit_entry import AUDIT_KINDS
from bot.messages.usage_report import MOST_LISTED, since, usage_report
from bot.store import Only

DAYS, MOST_DAYS = 7, 90


@quota_admin.command(name=locale_str("report"), description=locale_str("See who used what, as a table and a picture"))
@app_commands.describe(
    days=locale_str("How many days, today among them; 7 if you do not choose"),
    everywhere=locale_str("For all servers; only for the bot's operator"),
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
    names = await _names(client, list(dict.fromkeys(row.user_id for row in used))[:MOST_LISTED])
    shown = await usage_report(say, used, await client.store.usages.by_day(guild_id, first), first, names)
    files = [
        discord.File(io.BytesIO(shown.png), "criar-usage.png", description=shown.alt_text),
        discord.File(io.BytesIO(shown.csv), "criar-usage.csv"),
    ]
    await interaction.edit_original_response(content=shown.text, attachments=files)


async def _names(client: Client, user_ids: list[int]) -> dict[int, str]:
    """The members' names, as far as Discord says them."""
    names = {}
    for user_id in user_ids:
        with suppress(*DELIVERY_ERRORS):
            names[user_id] = (client.get_user(user_id) or await client.fetch_user(user_id)).display_name
    return names


@quota_admin.command(name=locale_str("audit"), description=locale_str("See who changed what, and why"))
@app_commands.describe(
    member=locale_str("Only what is about or by this member"), kind=locale_str("Only changes of this kind")
)
@app_commands.choices(kind=[Choice(name=locale_str(text), value=action.value) for action, text in AUDIT_KINDS.items()])
async def audit(interaction: Interaction, member: discord.User | None = None, kind: str | None = None) -> None:
    await acknowledge(interaction)
    await show_audit(interaction, only=Only(user_id=member.id if member else 0, action=kind or ""))


@quota_admin.command(
    name=locale_str("moderators"), description=locale_str("Choose the role whose members may use /moderation")
)
@app_commands.describe(
    role=locale_str("Which role; leave it out for those whom Discord lets moderate members"), reason=REASON
)
async def moderators(interaction: Interaction, reason: Reason, role: discord.Role | None = None) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, reason, role_id=role.id if role else None, here=True)
    await interaction.client.store.key_values.set_moderators(change)
    say = speaker_for(interaction)
    did = (
        say(
            "Who has the role {role} moderates this bot here. Allow them /moderation under Server Settings > "
            "Integrations too, if Discord does not show it to them.",
            role=role.mention,
        )
        if role
        else say("Those whom Discord lets moderate members moderate this bot here.")
    )
    await interaction.edit_original_response(content=did)


@quota_admin.command(name=locale_str("log-channel"), description=locale_str("Also post every change in a channel"))
@app_commands.describe(channel=locale_str("Which channel; leave it out to post nowhere"), reason=REASON)
async def log_channel(interaction: Interaction, reason: Reason, channel: discord.TextChannel | None = None) -> None:
    await acknowledge(interaction)
    change, say = authorise_change(interaction, reason, here=True), speaker_for(interaction)
    if channel and not channel.permissions_for(channel.guild.me).is_superset(NEEDED_IN_CHANNEL):
        raise Refusal("I may not write in {channel}; allow me to view it and to send messages.", channel=channel.name)
    await interaction.client.store.quotas.set_log_channel(change, channel.id if channel else None)
    did = (
        say("Changes are posted in {channel}.", channel=channel.mention) if channel else say("Changes are not posted.")
    )
    await interaction.edit_original_response(content=did)
