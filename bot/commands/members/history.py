"""/history: one's own pictures."""

from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.components.history import show_history
from bot.interactions.acknowledge import acknowledge


@app_commands.command(name=locale_str("history"), description=locale_str("Look through your own pictures"))
async def history(interaction: Interaction) -> None:
    await acknowledge(interaction)
    await show_history(interaction, 0)
