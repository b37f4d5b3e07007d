"""Admission of interactions, before a command, a button or a modal is carried out."""

from typing import Any

import discord

from bot.client import Interaction
from bot.errors import Refusal
from bot.interactions.acknowledge import person_of
from bot.interactions.errors import answering


async def admitted(interaction: Interaction) -> bool:
    """Whether the interaction may go on; if not, it is answered."""
    suggesting = interaction.type is discord.InteractionType.autocomplete
    interaction.client.saw_language(interaction.user.id, interaction.locale.value)
    try:
        own_data = _root(interaction) == "privacy"
        admin = interaction.permissions.manage_guild
        interaction.client.admission.check(
            person_of(interaction), counts=not suggesting, own_data=own_data, admin=admin
        )
    except Refusal as refusal:
        if suggesting:
            await interaction.response.autocomplete([])
            return False
        async with answering(interaction):
            raise refusal
        return False
    return True


def _root(interaction: Interaction) -> str:
    """The name of the command, of the group that it stands in, or the first word of a custom_id."""
    if isinstance(interaction.command, discord.app_commands.Command):
        return interaction.command.qualified_name.partition(" ")[0]
    data: Any = interaction.data or {}
    return str(data.get("custom_id", "")).partition(":")[0]
