"""/txt2img: pictures from words."""

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
    described,
    read_options,
    suggesting,
)
from bot.interactions.acknowledge import acknowledge
from bot.requests.builder import build_request
from generation import Task


@app_commands.command(name=locale_str("txt2img"), description=locale_str("Make pictures from words"))
@described(
    "prompt", "negative_prompt", "model", "count", "size", "num_inference_steps", "guidance_scale", "seed", "scheduler",
    "lora", "style", "private", "spoiler",
)  # fmt: skip
@suggesting("model", "size", "scheduler", "lora", "style")
async def txt2img(
    interaction: "Interaction",
    prompt: Prompt,
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
    await interaction.client.manager.submit(
        requester, build_request(interaction.client.catalogue, Task.TXT2IMG, wished.options)
    )
