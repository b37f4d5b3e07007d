"""/img2img: a picture made anew after words, keeping as much of it as the strength leaves."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.commands.options import (
    Count,
    Guidance,
    Interaction,
    NegativePrompt,
    Prompt,
    Seed,
    Steps,
    Strength,
    described,
    read_options,
    suggesting,
)
from bot.interactions.acknowledge import acknowledge
from bot.requests.builder import build_request, carried_over
from generation import Task


@app_commands.command(name=locale_str("img2img"), description=locale_str("Change a picture after words"))
@described(
    "image", "prompt", "strength", "negative_prompt", "model", "count", "size", "num_inference_steps",
    "guidance_scale", "seed", "scheduler", "lora", "style", "private", "spoiler",
)  # fmt: skip
@suggesting("model", "size", "scheduler", "strength", "lora", "style")
async def img2img(
    interaction: "Interaction",
    image: discord.Attachment,
    prompt: Prompt | None = None,
    strength: Strength | None = None,
    negative_prompt: NegativePrompt | None = None,
    model: str | None = None,
    count: Count | None = None,
    size: str | None = None,
    num_inference_steps: Steps | None = None,
    guidance_scale: Guidance | None = None,
    seed: Seed | None = None,
    scheduler: str | None = None,
    lora: str | None = None,
    style: str | None = None,
    private: bool | None = None,
    spoiler: bool | None = None,
) -> None:
    wished = await read_options(interaction)
    requester = await acknowledge(interaction, private=wished.private, spoiler=wished.spoiler)
    client, options = interaction.client, wished.options
    source = await client.uploads.receive(image)
    if prompt is None:
        options = carried_over(options, await client.uploads.parameters(image))
    await client.manager.submit(requester, build_request(client.catalogue, Task.IMG2IMG, options, source))
