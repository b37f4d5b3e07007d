"""The buttons under a job's message."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

import discord

from bot.client import Client, Interaction
from bot.components.base import PersistentItem, selected
from bot.components.modals.edit_prompt import EditPromptModal
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_moderation, may_manage, usable_job
from bot.messages.buttons import ALL_JOBS, more_buttons
from bot.messages.costs import costs_of
from bot.messages.details import details
from bot.requests.form import edit_request
from bot.store import Action, Change, JobRow, PictureRow, State
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker, speaker

log = logging.getLogger(__name__)

MAX_PROMPT_SHOWN = 200  # characters
JOB_ID = r"[0-9a-f]{12}"

NOTHING_LEFT = "There is nothing left to cancel; these pictures are done."
TOO_LATE = (
    "These pictures are already being made, and you have cancelled such pictures often today; they "
    "will be finished, and they count."
)


class JobButton(PersistentItem, template=rf"job:(?P<action>again|change|details|delete|cancel|more):(?P<job>{JOB_ID})"):
    """Does something with a job."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Carry out the action."""
        await ACTIONS[match["action"]](interaction, match["job"])


class FewerButton(PersistentItem, template=rf"fewer:(?P<offer>{JOB_ID})"):
    """Makes as many pictures as the member may still make, of a request that was refused for its number."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Make them. Raises Refusal if the offer no longer stands."""
        await acknowledge(interaction)
        manager = interaction.client.manager
        if (offer := manager.offers.take(match["offer"], interaction.user.id)) is None:
            raise Refusal("This offer no longer stands; ask again.")
        asked = offer.requester
        requester = await requester_of(interaction, private=asked.private, spoiler=asked.spoiler)
        await manager.submit(replace(requester, reply_to=asked.reply_to), offer.built)
        if interaction.message and not interaction.message.flags.ephemeral:
            with suppress(discord.HTTPException):
                await interaction.message.delete()


class CancelSelect(PersistentItem, template=r"cancel"):
    """Cancels one of the member's requests, or all."""

    async def run(self, interaction: Interaction, _: re.Match[str]) -> None:
        """Cancel it. Raises Refusal if nothing of it can be cancelled any longer."""
        await interaction.response.defer()
        chosen = selected(interaction)
        jobs = await interaction.client.store.jobs.unfinished_of(interaction.user.id)
        await cancel_own(interaction, [job for job in jobs if chosen in (ALL_JOBS, job.id)])


async def cancel_own(interaction: Interaction, jobs: Sequence[JobRow]) -> None:
    """Cancel jobs of the member who asks, and say in their private answer how many pictures that were.

    Raises Refusal if nothing of them can be cancelled.
    """
    if not jobs:
        raise Refusal(NOTHING_LEFT)
    count = sum([await interaction.client.manager.cancel(job, interaction.user.id) for job in jobs])
    if not count:
        raise Refusal(TOO_LATE)
    text = speaker_for(interaction).plural(
        "{n} picture is cancelled and does not count.", "{n} pictures are cancelled and do not count.", count
    )
    await interaction.edit_original_response(content=text, view=None)


class QueueSelect(PersistentItem, template=r"queued"):
    """Cancels one request of those that wait in a server, for its moderators."""

    async def run(self, interaction: Interaction, _: re.Match[str]) -> None:
        """Cancel it. Raises Refusal for others than moderators, and if nothing of it can be cancelled any longer."""
        await interaction.response.defer()
        change, client = await authorise_moderation(interaction), interaction.client
        job = await client.store.jobs.get(selected(interaction))
        if job is None or job.complete or change.guild_id not in (None, job.guild_id):
            raise Refusal(NOTHING_LEFT)
        text = await cancel_of(client, speaker_for(interaction), replace(change, user_id=job.user_id), [job])
        await interaction.edit_original_response(content=text, view=None)


async def cancel_of(client: Client, say: Speaker, change: Change, jobs: Sequence[JobRow]) -> str:
    """Cancel jobs of the change's member, write that down, and return how many pictures those were as a sentence."""
    count = sum([await client.manager.cancel(job) for job in jobs])
    await client.store.audit.add(change, Action.CANCEL, str(count))
    return say.plural(
        "{n} image of {member} is cancelled and not counted.",
        "{n} images of {member} are cancelled and not counted.",
        count,
        member=f"<@{change.user_id}>",
    )


async def _again(interaction: Interaction, job_id: str) -> None:
    await acknowledge(interaction)
    job = await usable_job(interaction, job_id)
    requester = await requester_of(interaction, like=job)
    built = edit_request(interaction.client.catalogue, job.request, {"seed": ""}, job.parent)
    await interaction.client.manager.submit(requester, built)


async def _change(interaction: Interaction, job_id: str) -> None:
    # The modal shows the job's fields and must be the first answer, so the job is read before.
    job = await usable_job(interaction, job_id)
    await interaction.response.send_modal(EditPromptModal(job, speaker_for(interaction)))


async def _details(interaction: Interaction, job_id: str) -> None:
    await acknowledge(interaction)
    job = await usable_job(interaction, job_id)
    model = interaction.client.catalogue.title(job.request.model)
    await interaction.edit_original_response(content=details(speaker_for(interaction), model, job))


async def _more(interaction: Interaction, job_id: str) -> None:
    await acknowledge(interaction)
    job = await usable_job(interaction, job_id)
    await show_more(interaction, job, job.of_state(State.FINISHED), delete=may_manage(interaction, job))


async def show_more(interaction: Interaction, job: JobRow, made: Sequence[PictureRow], *, delete: bool) -> None:
    """Put what else can be done with a job's pictures into the interaction's private answer."""
    say, costs = speaker_for(interaction), costs_of(interaction.client.catalogue, job)
    view = more_buttons(job, made, say, costs, delete=delete)
    await interaction.edit_original_response(content=say("What else?"), view=view)


async def _delete(interaction: Interaction, job_id: str) -> None:
    await interaction.response.defer()
    job = await usable_job(interaction, job_id)
    if not may_manage(interaction, job):
        raise Refusal("Only the member who asked for these pictures, or a moderator, can delete them.")
    await interaction.client.manager.delete(job, interaction.user.id)
    if interaction.user.id != job.user_id:
        await _tell_owner(interaction, job)


async def _tell_owner(interaction: Interaction, job: JobRow) -> None:
    """Say directly to the member who asked for pictures that a moderator deleted them, if they take direct messages."""
    text = speaker(job.locale)(
        "A moderator deleted your pictures of “{prompt}” in {place}.",
        prompt=escape_for_discord(job.request.prompt, MAX_PROMPT_SHOWN),
        place=f"<#{job.channel_id}>",
    )
    try:
        inbox = await interaction.client.create_dm(discord.Object(job.user_id))
        await inbox.send(text, allowed_mentions=discord.AllowedMentions.none(), suppress_embeds=True)
    except discord.HTTPException as error:
        log.info("the member of job %s is not told that it was deleted: %s", job.id, error)


async def _cancel(interaction: Interaction, job_id: str) -> None:
    await interaction.response.defer()
    job = await usable_job(interaction, job_id)
    if not may_manage(interaction, job):
        raise Refusal("Only the member who asked for these pictures, or a moderator, can cancel them.")
    if job.complete:
        raise Refusal(NOTHING_LEFT)
    if not await interaction.client.manager.cancel(job, interaction.user.id):
        raise Refusal(TOO_LATE)


ACTIONS: dict[str, Callable[[Interaction, str], Awaitable[None]]] = {
    "again": _again,
    "change": _change,
    "details": _details,
    "delete": _delete,
    "cancel": _cancel,
    "more": _more,
}
