"""/history: one's own pictures."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.commands.options import Interaction
from bot.components.history import show_history


@app_commands.command(name=locale_str("history"), description=locale_str("Look through your own pictures"))
async def history(interaction: "Interaction") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await show_history(interaction, 0)
