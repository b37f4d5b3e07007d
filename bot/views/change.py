"""The modal behind “Change and repeat”: the request's fields, filled in."""

from typing import TYPE_CHECKING, Any

import discord

from generation import Task

from ..asker import private_asker
from ..compose import changed
from ..store import JobRow
from ..text import Speaker
from .errors import answering

if TYPE_CHECKING:
    from ..client import Criar

LONG_FIELDS = ("prompt", "negative_prompt")
MAX_LONG, MAX_SHORT = 1500, 20  # characters


def changeable(task: Task) -> tuple[str, ...]:
    """The request's fields that the modal offers; Discord allows five."""
    fourth = "num_inference_steps" if task is Task.TXT2IMG else "strength"
    return ("prompt", "negative_prompt", fourth, "guidance_scale", "seed")


class ChangeModal(discord.ui.Modal):
    """The fields that people change most, each with its present value."""

    def __init__(self, job: JobRow, say: Speaker) -> None:
        super().__init__(title=say("Change and repeat"), custom_id=f"change:{job.id}")
        self.request = job.request
        labels = {
            "prompt": say("Prompt"),
            "negative_prompt": say("Negative prompt: what to avoid"),
            "num_inference_steps": say("Steps"),
            "strength": say("Strength: 0.05 subtle to 1 from scratch"),
            "guidance_scale": say("Guidance scale: how closely it follows"),
            "seed": say("Seed: the same makes the same; empty, a new one"),
        }
        self.fields: dict[str, discord.ui.TextInput[Any]] = {}
        for name in changeable(job.request.task):
            long = name in LONG_FIELDS
            self.fields[name] = discord.ui.TextInput(
                default=str(getattr(job.request, name)),
                style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
                max_length=MAX_LONG if long else MAX_SHORT,
                required=False,
            )
            self.add_item(discord.ui.Label(text=labels[name], component=self.fields[name]))

    async def on_submit(self, interaction: "discord.Interaction[Criar]") -> None:  # type: ignore[override]
        async with answering(interaction):
            asker = await private_asker(interaction)
            filled_in = {name: field.value for name, field in self.fields.items()}
            composed = changed(interaction.client.catalogue, self.request, filled_in)
            await interaction.client.flow.submit(asker, composed)
