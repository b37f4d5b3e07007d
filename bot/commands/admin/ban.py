"""/quota-admin ban and unban: who may not use the bot."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.admin.group import REASON, Reason, quota_admin
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change


@quota_admin.command(name=locale_str("ban"), description=locale_str("Ban a member from using the bot"))
@app_commands.describe(member=locale_str("Who"), reason=REASON)
async def ban(interaction: Interaction, member: discord.User, reason: Reason) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, reason, user_id=member.id)
    client, say = interaction.client, speaker_for(interaction)
    if member.id == interaction.user.id or member.id in client.config.discord.operators:
        raise Refusal("You cannot ban yourself or the bot's operators.")
    await client.manager.ban(change)
    did = (
        say("{member} can no longer use the bot, in any server.", member=member.mention)
        if change.by_operator
        else say("{member} can no longer use the bot in this server.", member=member.mention)
    )
    await interaction.edit_original_response(content=did)


@quota_admin.command(name=locale_str("unban"), description=locale_str("Let a member use the bot again"))
@app_commands.describe(member=locale_str("Who"), reason=REASON)
async def unban(interaction: Interaction, member: discord.User, reason: Reason) -> None:
    await acknowledge(interaction)
    change = authorise_change(interaction, reason, user_id=member.id)
    if not await interaction.client.store.bans.unban(change):
        raise Refusal("There is no ban here that you can lift.")
    say = speaker_for(interaction)
    await interaction.edit_original_response(content=say("{member} can use the bot again.", member=member.mention))
