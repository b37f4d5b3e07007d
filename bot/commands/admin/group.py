"""/quota-admin: what its subcommands share. A server's admin changes within the ceiling, the operator beyond it."""

from datetime import UTC, datetime
from typing import TypeAlias

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.commands.members.quota import allowance_text
from bot.commands.options import MAX_CHOICES
from bot.config import FREE
from bot.interactions.language import speaker_for
from bot.interactions.permissions import is_operator
from bot.quota import Person
from bot.requests.requester import roles_of

quota_admin = app_commands.Group(
    name=locale_str("quota-admin"),
    description=locale_str("See and change what members may make a day"),
    default_permissions=discord.Permissions(manage_guild=True),
    allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
    allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
)

MAX_REASON = 300  # characters
Reason: TypeAlias = app_commands.Range[str, 1, MAX_REASON]
User: TypeAlias = discord.Member | discord.User

MEMBER = locale_str("Whose limit")
REASON = locale_str("Why; it is written into the audit log")


def person(interaction: Interaction, member: User) -> Person:
    """The member in this server, with the roles that Discord sent along."""
    return Person(user_id=member.id, guild_id=interaction.guild_id, roles=roles_of(member))


def plans_to_give(interaction: Interaction) -> list[str]:
    """The plans that this admin may give here: the operator any, others what the operator allows the server."""
    config = interaction.client.config
    allowed = config.plans if is_operator(interaction) else {FREE, *config.server(interaction.guild_id).plans}
    return [plan for plan in config.plans if plan in allowed]


async def suggest_plan(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Plans that this admin may give here."""
    names = [name for name in plans_to_give(interaction) if typed.lower() in name.lower()]
    return [Choice(name=name[:100], value=name[:100]) for name in names][:MAX_CHOICES]


async def show_member(interaction: Interaction, member: User, did: str = "") -> None:
    """Answer with what was done, and with what the member may make now."""
    allowed = await interaction.client.store.allowance(person(interaction, member), datetime.now(UTC))
    text = allowance_text(speaker_for(interaction), allowed)
    await interaction.edit_original_response(content="\n".join(filter(None, [did, f"{member.mention} {text}"])))
