"""/prompt: help with the words."""

from discord import app_commands
from discord.app_commands import locale_str

from generation import Task

from ..text import speaker_for
from ..views.helped import PromptModal
from .fields import Interaction, described, suggest_model


@app_commands.command(name=locale_str("prompt"), description=locale_str("Help me with the prompt"))
@described("model")
@app_commands.autocomplete(model=suggest_model)
async def prompt(interaction: "Interaction", model: str | None = None) -> None:
    catalogue = interaction.client.catalogue
    spec = catalogue.get(model) if model else catalogue.first(Task.TXT2IMG)
    await interaction.response.send_modal(PromptModal(speaker_for(interaction), spec))
