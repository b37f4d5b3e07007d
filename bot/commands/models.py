"""/models: what can draw here."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from generation import ModelSpec

from ..compose import pixels
from ..text import Speaker, speaker_for
from .fields import Interaction

MAX_LISTED = 10  # embeds' fields; one message holds them


@app_commands.command(name=locale_str("models"), description=locale_str("See which models can draw here"))
@app_commands.describe(search=locale_str("A word of the name or of what it is good at"))
async def models(interaction: "Interaction", search: str = "") -> None:
    say = speaker_for(interaction)
    found = interaction.client.catalogue.search(search, limit=MAX_LISTED)
    embed = discord.Embed(title=say("Models"))
    for spec in found:
        embed.add_field(name=f"{spec.title} ({spec.id})", value=_describe(say, spec), inline=False)
    if not found:
        embed.description = say("No model matches “{search}”.", search=search)
    await interaction.response.send_message(embed=embed, ephemeral=True)


def _describe(say: Speaker, spec: ModelSpec) -> str:
    tasks = ", ".join(sorted(task.value for task in spec.tasks))
    facts = [tasks, pixels(spec.defaults.width, spec.defaults.height), spec.licence]
    lines = [spec.description, " · ".join(filter(None, facts))]
    if spec.samples:
        lines.append(say("Try: {samples}", samples="; ".join(spec.samples)))
    return "\n".join(lines)
