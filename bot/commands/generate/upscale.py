"""/upscale: a picture made larger."""

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.client import Interaction
from bot.commands.options import described
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.requests.builder import upscale_request


@app_commands.command(name=locale_str("upscale"), description=locale_str("Make a picture larger and sharper"))
@described("image")
@app_commands.describe(factor=locale_str("How many times larger, 4 if you do not choose"))
@app_commands.choices(factor=[Choice(name="2×", value=2), Choice(name="4×", value=4)])
async def upscale(interaction: Interaction, image: discord.Attachment, factor: int = 4) -> None:
    await acknowledge(interaction)
    requester = await requester_of(interaction)
    client = interaction.client
    source = await client.uploads.receive(image)
    await client.manager.submit(requester, upscale_request(client.catalogue, source, factor))
