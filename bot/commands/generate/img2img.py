"""/img2img: an image changed with a prompt, keeping as much of it as the strength leaves."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot.client import Interaction
from bot.commands.options import (
    CommandOptions,
    Count,
    Guidance,
    NegativePrompt,
    Prompt,
    Seed,
    Steps,
    Strength,
    described,
    read_options,
    suggesting,
)
from bot.requests.builder import build_request, carried_over
from generation import Task


@app_commands.command(name=locale_str("img2img"), description=locale_str("Change an image with a prompt"))
@described(
    "image", "prompt", "strength", "negative_prompt", "model", "count", "size", "num_inference_steps",
    "guidance_scale", "seed", "scheduler", "lora", "style", "private", "spoiler",
)  # fmt: skip
@suggesting("model", "size", "scheduler", "strength", "lora", "style")
async def img2img(
    interaction: Interaction,
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
    chosen = CommandOptions(
        prompt=prompt, negative_prompt=negative_prompt, model=model, count=count, size=size, strength=strength,
        num_inference_steps=num_inference_steps, guidance_scale=guidance_scale, seed=seed, scheduler=scheduler,
        lora=lora, style=style, private=private, spoiler=spoiler,
    )  # fmt: skip
    requester, options = await read_options(interaction, Task.IMG2IMG, chosen)
    client = interaction.client
    source = await client.uploads.receive(image)
    if prompt is None:
        options = carried_over(options, await client.uploads.parameters(image))
    await client.manager.submit(requester, build_request(client.catalogue, Task.IMG2IMG, options, source))
