"""The button that deletes all that is kept about the member who presses it."""

import re
from typing import Any

import discord

from bot.interactions.errors import answering
from bot.moderation.admission import Admitting
from bot.text.translate import Speaker, speaker_for


class DeleteDataButton(Admitting, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"privacy:forget"):
    """Deletes what is kept about whoever presses it, also about who may not use the bot any more."""

    def __init__(self, label: str = "") -> None:
        button: discord.ui.Button[Any] = discord.ui.Button(
            label=label or "delete", style=discord.ButtonStyle.danger, custom_id="privacy:forget"
        )
        super().__init__(button)

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str]
    ) -> "DeleteDataButton":
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            await interaction.response.defer(ephemeral=True, thinking=True)
            client, say = interaction.client, speaker_for(interaction)
            await client.manager.forget(interaction.user.id)
            client.languages.pop(interaction.user.id, None)
            text = say("All of it is deleted. My messages with your pictures go within minutes.")
            await interaction.edit_original_response(content=text)


def delete_data_view(say: Speaker) -> discord.ui.View:
    """A view with the button."""
    view = discord.ui.View(timeout=None)
    view.add_item(DeleteDataButton(say("Delete all of it")))
    return view
