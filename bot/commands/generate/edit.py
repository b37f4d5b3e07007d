"""/edit: a picture changed after an instruction, by a model made for that."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.options import Count, Prompt, Seed, described, suggesting
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.requests.builder import Options, build_request
from bot.requests.offered_models import editor
from generation import Task


@app_commands.command(name=locale_str("edit"), description=locale_str("Change a picture by saying what to change"))
@described("instruction", "image", "image2", "image3", "model", "count", "seed")
@suggesting("model")
async def edit(
    interaction: Interaction,
    instruction: Prompt,
    image: discord.Attachment,
    image2: discord.Attachment | None = None,
    image3: discord.Attachment | None = None,
    model: str | None = None,
    count: Count = 1,
    seed: Seed | None = None,
) -> None:
    await acknowledge(interaction)
    requester = await requester_of(interaction)
    client = interaction.client
    options = Options(prompt=instruction, model=model or editor(client.catalogue).id, count=count, seed=seed)
    source, *others = [await client.uploads.receive(each) for each in (image, image2, image3) if each]
    more = tuple(other.path for other in others)
    await client.manager.submit(requester, build_request(client.catalogue, Task.EDIT, options, source, more))
