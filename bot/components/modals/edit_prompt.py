"""The modal behind “Edit the prompt”: the request's fields, filled in."""

from typing import Any

import discord

from bot.client import Interaction
from bot.components.modals.form import Form
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.interactions.defaults import style_owners
from bot.interactions.permissions import usable_job
from bot.requests.builder import MAX_PROMPT
from bot.requests.form import edit_request
from bot.store import JobRow
from bot.text.translate import Speaker
from generation import Request

LONG_FIELDS = ("prompt", "negative_prompt")
MAX_SHORT = 20  # characters


def changeable(request: Request) -> tuple[str, ...]:
    """The request's fields that the modal offers; Discord allows five."""
    fourth = "num_inference_steps" if request.strength is None else "strength"
    return ("prompt", "negative_prompt", fourth, "guidance_scale", "seed")


class EditPromptModal(Form):
    """The fields that people change most, each with its present value; submit_edit_prompt takes the answer."""

    def __init__(self, job: JobRow, say: Speaker) -> None:
        super().__init__(title=say("Edit the prompt"), custom_id=f"change:{job.id}")
        labels = {
            "prompt": say("Prompt"),
            "negative_prompt": say("Negative prompt: what to avoid"),
            "num_inference_steps": say("Steps"),
            "strength": say("Strength: 0.05 subtle to 1 from scratch"),
            "guidance_scale": say("Guidance scale: how closely it follows"),
            "seed": say("Seed (empty: a new one)"),
        }
        for name in changeable(job.request):
            long = name in LONG_FIELDS
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id=name,
                default=str(getattr(job.request, name)),
                style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
                max_length=MAX_PROMPT if long else MAX_SHORT,
                required=False,
            )
            self.add_item(discord.ui.Label(text=labels[name], component=field))


async def submit_edit_prompt(interaction: Interaction, job_id: str, filled_in: dict[str, str]) -> None:
    """Make what the modal asks for."""
    await acknowledge(interaction)
    client = interaction.client
    job = await usable_job(interaction, job_id)
    requester = await requester_of(interaction, like=job)
    offered = changeable(job.request)
    kept = {name: text for name, text in filled_in.items() if name in offered}
    styles = await client.store.styles.of(*style_owners(interaction))
    await client.manager.submit(requester, edit_request(client.catalogue, job.request, kept, job.parent, styles))
