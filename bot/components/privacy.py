"""The button that deletes all that is kept about the member who presses it."""

import re

import discord

from bot.client import Interaction
from bot.components.base import PersistentItem
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.messages.buttons import Buttons
from bot.text.translate import Speaker


class DeleteDataButton(PersistentItem, template=r"privacy:forget"):
    """Deletes what is kept about whoever presses it, also about those who are banned."""

    async def run(self, interaction: Interaction, _: re.Match[str]) -> None:
        """Delete it."""
        await acknowledge(interaction)
        client, say = interaction.client, speaker_for(interaction)
        await client.manager.forget(interaction.user.id)
        client.languages.pop(interaction.user.id, None)
        client.seen_languages.pop(interaction.user.id, None)
        text = say("Everything is deleted. My messages with your pictures disappear within minutes.")
        await interaction.edit_original_response(content=text)


def delete_data_view(say: Speaker) -> Buttons:
    """A view with the button."""
    view = Buttons()
    view.button("privacy:forget", say("Delete all of it"), discord.ButtonStyle.danger)
    return view
