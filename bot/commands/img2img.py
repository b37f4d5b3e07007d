"""/img2img: a picture made anew after words, keeping as much of it as the strength leaves."""

import discord
from discord import app_commands
from discord.app_commands import locale_str

from generation import Task

from ..asker import private_asker
from ..compose import carried_over, compose
from .fields import (
    Count,
    Guidance,
    Interaction,
    NegativePrompt,
    Prompt,
    Seed,
    Steps,
    Strength,
    chosen,
    described,
    suggesting,
)


@app_commands.command(name=locale_str("img2img"), description=locale_str("Change a picture after words"))
@described(
    "image", "prompt", "strength", "negative_prompt", "model", "count", "size", "num_inference_steps",
    "guidance_scale", "seed", "scheduler",
)  # fmt: skip
@suggesting("model", "size", "scheduler", "strength")
async def img2img(
    interaction: "Interaction",
    image: discord.Attachment,
    prompt: Prompt | None = None,
    strength: Strength | None = None,
    negative_prompt: NegativePrompt | None = None,
    model: str | None = None,
    count: Count = 1,
    size: str | None = None,
    num_inference_steps: Steps | None = None,
    guidance_scale: Guidance | None = None,
    seed: Seed | None = None,
    scheduler: str | None = None,
) -> None:
    asker = await private_asker(interaction)
    flow = interaction.client.flow
    options, source = chosen(interaction), await flow.receive(image)
    if not options.prompt:
        options = carried_over(options, await flow.parameters(image))
    await flow.submit(asker, compose(interaction.client.catalogue, Task.IMG2IMG, options, source))
