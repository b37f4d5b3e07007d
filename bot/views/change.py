"""The modal behind “Change and repeat”: the request's fields, filled in."""

import re
from typing import TYPE_CHECKING, Any

import discord

from generation import Task

from ..asker import private_asker
from ..compose import changed
from ..errors import Refusal
from ..store import JobRow
from ..text import Speaker
from .errors import answering

if TYPE_CHECKING:
    from ..client import Criar

CUSTOM_ID = re.compile(r"change:(?P<job>[0-9a-f]{12})")
LONG_FIELDS = ("prompt", "negative_prompt")
MAX_LONG, MAX_SHORT = 1500, 20  # characters


def changeable(task: Task) -> tuple[str, ...]:
    """The request's fields that the modal offers; Discord allows five."""
    fourth = "num_inference_steps" if task is Task.TXT2IMG else "strength"
    return ("prompt", "negative_prompt", fourth, "guidance_scale", "seed")


class ChangeModal(discord.ui.Modal):
    """The fields that people change most, each with its present value; on_modal_sent takes the answer."""

    def __init__(self, job: JobRow, say: Speaker) -> None:
        super().__init__(title=say("Change and repeat"), custom_id=f"change:{job.id}")
        labels = {
            "prompt": say("Prompt"),
            "negative_prompt": say("Negative prompt: what to avoid"),
            "num_inference_steps": say("Steps"),
            "strength": say("Strength: 0.05 subtle to 1 from scratch"),
            "guidance_scale": say("Guidance scale: how closely it follows"),
            "seed": say("Seed (empty: a new one)"),
        }
        for name in changeable(job.request.task):
            long = name in LONG_FIELDS
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id=name,
                default=str(getattr(job.request, name)),
                style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
                max_length=MAX_LONG if long else MAX_SHORT,
                required=False,
            )
            self.add_item(discord.ui.Label(text=labels[name], component=field))


async def on_modal_sent(interaction: "discord.Interaction[Criar]") -> None:
    """Make what a modal asks for. Its custom_id names the job, so it may have been opened before a restart."""
    data: Any = interaction.data or {}
    match = CUSTOM_ID.fullmatch(str(data.get("custom_id")))
    if match is None:
        return
    async with answering(interaction):
        asker = await private_asker(interaction)
        client = interaction.client
        job = await client.store.jobs.get(match["job"])
        if job is None:
            raise Refusal("This request is not kept any more; make a new one with /txt2img.")
        fields = (row["component"] for row in data["components"])
        offered = changeable(job.request.task)
        filled_in = {field["custom_id"]: field["value"] for field in fields if field["custom_id"] in offered}
        await client.flow.submit(asker, changed(client.catalogue, job.request, filled_in))
