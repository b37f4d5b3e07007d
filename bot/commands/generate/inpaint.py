"""/inpaint: a part of an image repainted, the rest kept."""

from dataclasses import replace

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.options import (
    CommandOptions,
    Count,
    NegativePrompt,
    Prompt,
    Seed,
    Strength,
    described,
    read_options,
    suggesting,
)
from bot.requests.builder import build_request
from generation import Task, images


@app_commands.command(
    name=locale_str("inpaint"), description=locale_str("Repaint a part of an image and keep the rest")
)
@described(
    "image", "prompt", "mask", "strength", "negative_prompt", "model", "count", "seed", "style", "private", "spoiler"
)
@suggesting("model", "strength", "style")
async def inpaint(
    interaction: Interaction,
    image: discord.Attachment,
    prompt: Prompt,
    mask: discord.Attachment | None = None,
    strength: Strength | None = None,
    negative_prompt: NegativePrompt | None = None,
    model: str | None = None,
    count: Count | None = None,
    seed: Seed | None = None,
    style: str | None = None,
    private: bool | None = None,
    spoiler: bool | None = None,
) -> None:
    chosen = CommandOptions(
        prompt=prompt, strength=strength, negative_prompt=negative_prompt, model=model, count=count, seed=seed,
        style=style, private=private, spoiler=spoiler,
    )  # fmt: skip
    requester, options = await read_options(interaction, Task.INPAINT, chosen)
    client = interaction.client
    source = await client.uploads.receive(image)
    where = await client.uploads.receive_mask(image, mask, source)
    if mask is None:  # what is transparent is what is repainted
        source = replace(source, notes=tuple(note for note in source.notes if note != images.WHITENED))
    built = build_request(client.catalogue, Task.INPAINT, options, source, (where,))
    await client.manager.submit(requester, built)
