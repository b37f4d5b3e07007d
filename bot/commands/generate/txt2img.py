"""/txt2img: pictures from words."""

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
    described,
    read_options,
    suggesting,
)
from bot.requests.builder import build_request
from generation import Task


@app_commands.command(name=locale_str("txt2img"), description=locale_str("Make pictures from words"))
@described(
    "prompt", "negative_prompt", "model", "count", "size", "num_inference_steps", "guidance_scale", "seed", "scheduler",
    "lora", "style", "private", "spoiler",
)  # fmt: skip
@suggesting("model", "size", "scheduler", "lora", "style")
async def txt2img(
    interaction: Interaction,
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
    chosen = CommandOptions(
        prompt=prompt, negative_prompt=negative_prompt, model=model, count=count, size=size,
        num_inference_steps=num_inference_steps, guidance_scale=guidance_scale, seed=seed, scheduler=scheduler,
        lora=lora, style=style, private=private, spoiler=spoiler,
    )  # fmt: skip
    requester, options = await read_options(interaction, Task.TXT2IMG, chosen)
    client = interaction.client
    await client.manager.submit(requester, build_request(client.catalogue, Task.TXT2IMG, options))
