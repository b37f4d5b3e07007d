"""/prompt: help with the words."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.options import described, suggest_model
from bot.components.modals.prompt_help import PromptModal
from bot.interactions.language import speaker_for
from bot.requests.offered_models import model_named
from generation import Task


@app_commands.command(name=locale_str("prompt"), description=locale_str("Help me with the prompt"))
@described("model")
@app_commands.autocomplete(model=suggest_model)
async def prompt(interaction: Interaction, model: str | None = None) -> None:
    catalogue = interaction.client.catalogue
    spec = catalogue.get(model_named(catalogue, model)) if model else catalogue.first(Task.TXT2IMG)
    await interaction.response.send_modal(PromptModal(speaker_for(interaction), spec))
