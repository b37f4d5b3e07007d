"""Apps > … on a message: the reliable way to anybody's picture."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.components.message_menu import choose


@app_commands.context_menu(name=locale_str("Refine"))
async def refine_menu(interaction: Interaction, message: discord.Message) -> None:
    await choose(interaction, "refine", message)


@app_commands.context_menu(name=locale_str("Edit"))
async def edit_menu(interaction: Interaction, message: discord.Message) -> None:
    await choose(interaction, "edit", message)


@app_commands.context_menu(name=locale_str("Upscale"))
async def upscale_menu(interaction: Interaction, message: discord.Message) -> None:
    await choose(interaction, "upscale", message)


@app_commands.context_menu(name=locale_str("Picture info"))
async def info_menu(interaction: Interaction, message: discord.Message) -> None:
    await choose(interaction, "info", message)
