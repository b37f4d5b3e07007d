"""/history: one's own pictures."""

from discord import app_commands
from discord.app_commands import locale_str

from ..views.history import show_history
from .fields import Interaction


@app_commands.command(name=locale_str("history"), description=locale_str("Look through your own pictures"))
async def history(interaction: "Interaction") -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    await show_history(interaction, 0)
