"""/models: what can draw here; /model: one of them in full."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.options import suggest_any_model
from bot.components.models import models_page, show_model
from bot.interactions.acknowledge import acknowledge
from bot.interactions.language import speaker_for
from bot.interactions.models import usable_models


@app_commands.command(name=locale_str("models"), description=locale_str("See which models can draw here"))
@app_commands.describe(search=locale_str("A word of the name or of what it is good at"))
async def models(interaction: Interaction, search: str = "") -> None:
    await acknowledge(interaction)
    catalogue = await usable_models(interaction)
    embed, view = models_page(speaker_for(interaction), catalogue, search, 0)
    await interaction.edit_original_response(embed=embed, view=view)


@app_commands.command(name=locale_str("model"), description=locale_str("See what one model is good at, with samples"))
@app_commands.describe(name=locale_str("Its name, or a part of it"))
@app_commands.autocomplete(name=suggest_any_model)
async def model(interaction: Interaction, name: str) -> None:
    await show_model(interaction, name)
