"""The buttons under a job's message. Their whole state is the job's id, so they work after a restart."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import discord
from discord import ButtonStyle

from bot.components.modals.edit_prompt import EditPromptModal
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge_like
from bot.interactions.errors import answering
from bot.interactions.permissions import may_manage, usable_job
from bot.messages.details import details
from bot.moderation.admission import Admitting
from bot.requests.builder import edit_request
from bot.store import JobRow
from bot.text.translate import Speaker, speaker_for

if TYPE_CHECKING:
    from bot.client import Criar

JOB_ID = r"[0-9a-f]{12}"


class JobButton(
    Admitting,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=rf"job:(?P<action>again|change|details|delete|cancel):(?P<job>{JOB_ID})",
):
    """A button that does something with a job."""

    def __init__(
        self,
        action: str,
        job_id: str,
        label: str = "",
        style: ButtonStyle = ButtonStyle.secondary,
        row: int | None = None,
    ) -> None:
        self.action = action
        self.job_id = job_id
        super().__init__(
            discord.ui.Button(label=label or action, style=style, custom_id=f"job:{action}:{job_id}", row=row)
        )

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "JobButton":
        return cls(match["action"], match["job"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            job = await usable_job(interaction, self.job_id)
            await ACTIONS[self.action](interaction, job)


TOO_LATE = (
    "These pictures are being made already, and you cancelled such pictures often today; they are finished and count."
)


def cancel_view(job_id: str, say: Speaker) -> discord.ui.View:
    """The buttons of a job that waits or runs."""
    view = discord.ui.View(timeout=None)
    view.add_item(JobButton("cancel", job_id, say("Cancel"), ButtonStyle.danger))
    return view


async def _again(interaction: "discord.Interaction[Criar]", job: JobRow) -> None:
    requester = await acknowledge_like(interaction, job)
    built = edit_request(interaction.client.catalogue, job.request, {"seed": ""}, job.parent)
    await interaction.client.manager.submit(requester, built)


async def _change(interaction: "discord.Interaction[Criar]", job: JobRow) -> None:
    await interaction.response.send_modal(EditPromptModal(job, speaker_for(interaction)))


async def _details(interaction: "discord.Interaction[Criar]", job: JobRow) -> None:
    say = speaker_for(interaction)
    model = interaction.client.catalogue.title(job.request.model)
    await interaction.response.send_message(details(say, model, job), ephemeral=True)


async def _delete(interaction: "discord.Interaction[Criar]", job: JobRow) -> None:
    if not may_manage(interaction, job):
        raise Refusal("Only the member who asked for these pictures, or a moderator, can delete them.")
    await interaction.response.defer()
    await interaction.client.manager.delete(job, interaction.user.id)


async def _cancel(interaction: "discord.Interaction[Criar]", job: JobRow) -> None:
    if not may_manage(interaction, job):
        raise Refusal("Only the member who asked for these pictures, or a moderator, can cancel them.")
    if job.complete:
        raise Refusal("There is nothing left to cancel; these pictures are done.")
    await interaction.response.defer()
    if not await interaction.client.manager.cancel(job, interaction.user.id):
        raise Refusal(TOO_LATE)


ACTIONS: dict[str, Callable[["discord.Interaction[Criar]", JobRow], Awaitable[None]]] = {
    "again": _again,
    "change": _change,
    "details": _details,
    "delete": _delete,
    "cancel": _cancel,
}
