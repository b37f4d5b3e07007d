"""/quota-admin: a member's limit, seen and changed by a server's admin up to the ceiling, by the operator beyond it."""

from datetime import UTC, datetime

import discord
from discord import app_commands
from discord.app_commands import locale_str

from ..errors import Refusal
from ..store import Change
from ..text import speaker_for
from .fields import Interaction
from .quota import bar

quota_admin = app_commands.Group(
    name=locale_str("quota-admin"),
    description=locale_str("See and change what members may make a day"),
    default_permissions=discord.Permissions(manage_guild=True),
    guild_only=True,
)

MEMBER = locale_str("Whose limit")


def _change(interaction: "Interaction", member: discord.Member | discord.User) -> Change:
    """Who changes what; the operator changes for everywhere, an admin for his server.

    Raises Refusal for everybody else: the command's default permissions may have been loosened by the server.
    """
    operator = interaction.user.id in interaction.client.config.discord.operators
    if not operator and not interaction.permissions.manage_guild:
        raise Refusal("Only those who may manage the server can use this command.")
    return Change(
        actor_id=interaction.user.id,
        guild_id=None if operator else interaction.guild_id,
        user_id=member.id,
        at=datetime.now(UTC),
    )


async def _show(interaction: "Interaction", member: discord.Member | discord.User, did: str = "") -> None:
    allowed = await interaction.client.store.allowance(member.id, interaction.guild_id, datetime.now(UTC))
    text = bar(speaker_for(interaction), allowed)
    await interaction.edit_original_response(content="\n".join(filter(None, [did, f"{member.mention} {text}"])))


@quota_admin.command(name=locale_str("show"), description=locale_str("See what a member used today"))
@app_commands.describe(member=MEMBER)
async def show(interaction: "Interaction", member: discord.User) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    _change(interaction, member)
    await _show(interaction, member)


@quota_admin.command(name=locale_str("set"), description=locale_str("Set how many images a member may make a day"))
@app_commands.describe(member=MEMBER, images_per_day=locale_str("Images a day; leave it out to go back to the plan"))
async def set_limit(
    interaction: "Interaction", member: discord.User, images_per_day: app_commands.Range[int, 0, 100_000] | None = None
) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    change = _change(interaction, member)
    ceiling = interaction.client.config.admin_ceiling
    if not change.by_operator and images_per_day is not None and images_per_day > ceiling:
        raise Refusal("You may give at most {ceiling} images a day; the bot's operator can give more.", ceiling=ceiling)
    await interaction.client.store.quotas.set_limit(change, images_per_day)
    say = speaker_for(interaction)
    did = (
        say("The limit is set, for every server.") if change.by_operator else say("The limit is set, for this server.")
    )
    await _show(interaction, member, did)


@quota_admin.command(name=locale_str("reset"), description=locale_str("Count a member's images of today anew"))
@app_commands.describe(member=MEMBER)
async def reset(interaction: "Interaction", member: discord.User) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    change = _change(interaction, member)
    await interaction.client.store.quotas.reset(change)
    say = speaker_for(interaction)
    did = say("The count begins anew.")
    if not change.by_operator:
        ceiling = interaction.client.config.admin_ceiling
        did += " " + say("All resets of a day together give back up to {ceiling} images.", ceiling=ceiling)
    await _show(interaction, member, did)
