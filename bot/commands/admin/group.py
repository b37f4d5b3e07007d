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
from bot.interactions.permissions import EVERYWHERE, HERE, is_operator
from bot.quota import Person
from bot.requests.requester import roles_of
from bot.store import Ban
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

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
WHERE = locale_str("Where it counts; for the bot's operator every server, unless they choose this one")
WHERES = [Choice(name=locale_str("this server"), value=HERE), Choice(name=locale_str("every server"), value=EVERYWHERE)]
REASON = locale_str("Why; it is written into the audit log")


def person(interaction: Interaction, member: User) -> Person:
    """The member in this server, with the roles that Discord sent along."""
    return Person(user_id=member.id, guild_id=interaction.guild_id, roles=roles_of(member))


def plans_to_give(interaction: Interaction, *, by_operator: bool) -> list[str]:
    """The plans that may be given here: by the operator any, by others what the operator allows the server."""
    config = interaction.client.config
    allowed = config.plans if by_operator else {FREE, *config.server(interaction.guild_id).plans}
    return [plan for plan in config.plans if plan in allowed]


async def suggest_plan(interaction: Interaction, typed: str) -> list[Choice[str]]:
    """Plans that this admin may give here."""
    names = [
        name
        for name in plans_to_give(interaction, by_operator=is_operator(interaction))
        if typed.lower() in name.lower()
    ]
    return [Choice(name=name[:100], value=name[:100]) for name in names][:MAX_CHOICES]


async def show_member(interaction: Interaction, member: User, did: str = "") -> None:
    """Answer with what was done, and with what the member may make now."""
    allowed = await interaction.client.store.allowance(person(interaction, member), datetime.now(UTC))
    say, ban = speaker_for(interaction), interaction.client.store.bans.of(member.id, interaction.guild_id)
    said = ban_text(say, ban) if ban else ""
    text = f"{member.mention} {allowance_text(say, allowed)}"
    await interaction.edit_original_response(content="\n".join(filter(None, [did, said, text])))


def ban_text(say: Speaker, ban: Ban) -> str:
    """That a member is banned, by whom, until when and why."""
    text = f"🚫 {say('Banned since <t:{since}:f>', since=int(ban.at.timestamp()))}"
    if ban.ends_at:
        text += f", {say('until <t:{until}:f>', until=int(ban.ends_at.timestamp()))}"
    if ban.actor_id:
        text += f", {say('by {who}', who=f'<@{ban.actor_id}>')}"
    return f"{text} – {escape_for_discord(ban.reason, MAX_REASON)}" if ban.reason else text
