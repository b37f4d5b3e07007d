"""/upscale: a picture made larger."""

import discord
from discord import app_commands
from discord.app_commands import Choice, locale_str

from bot.commands.options import Interaction, described
from bot.interactions.acknowledge import private_asker
from bot.requests.builder import enlarge


@app_commands.command(name=locale_str("upscale"), description=locale_str("Make a picture larger and sharper"))
@described("image")
@app_commands.describe(factor=locale_str("How many times larger, 4 if you do not choose"))
@app_commands.choices(factor=[Choice(name="2×", value=2), Choice(name="4×", value=4)])
async def upscale(interaction: "Interaction", image: discord.Attachment, factor: int = 4) -> None:
    asker = await private_asker(interaction)
    client = interaction.client
    source = await client.intake.receive(image)
    await client.flow.submit(asker, enlarge(client.catalogue, source, factor))
