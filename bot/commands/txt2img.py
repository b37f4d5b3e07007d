"""/txt2img: pictures from words."""

from discord import app_commands
from discord.app_commands import locale_str

from generation import Task

from ..asker import private_asker
from ..compose import compose
from .fields import (
    Count,
    Guidance,
    Interaction,
    NegativePrompt,
    Prompt,
    Seed,
    Steps,
    chosen,
    described,
    suggesting,
)


@app_commands.command(name=locale_str("txt2img"), description=locale_str("Make pictures from words"))
@described(
    "prompt", "negative_prompt", "model", "count", "size", "num_inference_steps", "guidance_scale", "seed", "scheduler"
)
@suggesting("model", "size", "scheduler")
async def txt2img(
    interaction: "Interaction",
    prompt: Prompt,
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
    await interaction.client.flow.submit(
        asker, compose(interaction.client.catalogue, Task.TXT2IMG, chosen(interaction))
    )
