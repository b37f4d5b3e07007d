"""Apps > Refine, Edit, Upscale, Picture info: what is done with a picture of anybody's message."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import discord

from bot.client import Interaction
from bot.components.base import PersistentItem, selected
from bot.components.modals.edit import EditModal
from bot.components.modals.refine import RefineModal, seen_attachment
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.interactions.language import speaker_for
from bot.interactions.permissions import NOT_KEPT, may_see_in
from bot.jobs.uploads import MessagePicture, pictures_in
from bot.messages.buttons import Buttons
from bot.messages.details import details
from bot.messages.numbered_pictures import numbered_pictures
from bot.messages.provenance import describe_origin, discord_time
from bot.requests.builder import upscale_request
from bot.requests.offered_models import editor
from bot.requests.sizes import pixels
from bot.store import JobRow, PictureRow, State
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker
from generation import GenerationError, Parameters

FACTOR = 4
LOOK_SECONDS = 1.5
MAX_MESSAGE = 2000  # characters
MAX_SHOWN = 450  # characters of what a picture carries


class WhichSelect(PersistentItem, template=r"which:(?P<action>[a-z]+):(?P<channel>\d{1,20}):(?P<message>\d{1,20})"):
    """Chooses one of a message's pictures."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Do it with the chosen picture. Raises Refusal if the custom_id or the value was made up."""
        value = selected(interaction)
        if match["action"] not in ACTIONS or not value.isdecimal():
            raise Refusal(NOT_KEPT)
        await ACTIONS[match["action"]](interaction, int(match["channel"]), int(match["message"]), int(value))


class FoundButton(PersistentItem, template=r"found:(?P<action>[a-z]+):(?P<message>\d{1,20})"):
    """Does something with a picture of a message in this channel, under an answer that offers it."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Do it, or ask with which. Raises Refusal if the custom_id was made up or there is no longer a picture."""
        channel_id, message_id = interaction.channel_id or 0, int(match["message"])
        if match["action"] not in ACTIONS:
            raise Refusal(NOT_KEPT)
        count = len(await _ours(interaction, message_id))
        count = count or len(await interaction.client.uploads.pictures(channel_id, message_id))
        await _among(interaction, match["action"], channel_id, message_id, count)


async def choose(interaction: Interaction, action: str, message: discord.Message) -> None:
    """Do it with the message's picture; if there are several, ask which. Raises Refusal if there is none."""
    interaction.client.uploads.saw(message)
    if action not in MODALS:
        await acknowledge(interaction)
    count = len(await _ours(interaction, message.id)) or len(pictures_in(message))
    await _among(interaction, action, message.channel.id, message.id, count)


async def _among(interaction: Interaction, action: str, channel_id: int, message_id: int, count: int) -> None:
    """Do it with the only one of a message's pictures, or ask which. Raises Refusal if there is none."""
    if not count:
        raise Refusal("There is no picture in that message; choose one that shows a picture.")
    if count == 1:
        await ACTIONS[action](interaction, channel_id, message_id, 0)
        return
    say, view = speaker_for(interaction), Buttons()
    options = [discord.SelectOption(label=say("Picture {number}", number=n + 1), value=str(n)) for n in range(count)]
    view.menu(f"which:{action}:{channel_id}:{message_id}", say("Which picture?"), options)
    pictures = await interaction.client.uploads.pictures(channel_id, message_id)
    covered = len(pictures) != count or any(picture.spoiler for picture in pictures)
    embeds = [] if covered else numbered_pictures(say, [picture.url for picture in pictures])
    if interaction.response.is_done():
        await interaction.edit_original_response(content=say("Which picture?"), view=view, embeds=embeds)
    else:
        await interaction.response.send_message(say("Which picture?"), view=view, embeds=embeds, ephemeral=True)


async def _ours(interaction: Interaction, message_id: int) -> list[tuple[JobRow, PictureRow]]:
    """Our pictures that the message shows. Raises Refusal if the member may not use them."""
    jobs = interaction.client.store.jobs
    if job := await jobs.of_message(message_id):
        pictures = [(job, row) for row in job.of_state(State.FINISHED)]
    else:
        shown = await jobs.shown_in(message_id)
        pictures = [shown] if shown else []
    if pictures and not await may_see_in(interaction, pictures[0][0], message_id):
        raise Refusal(NOT_KEPT)
    return pictures


def _chosen(pictures: list[tuple[JobRow, PictureRow]], place: int) -> tuple[JobRow, PictureRow]:
    if place >= len(pictures):
        raise Refusal(NOT_KEPT)
    return pictures[place]


async def _refine(interaction: Interaction, channel_id: int, message_id: int, place: int) -> None:
    say, client = speaker_for(interaction), interaction.client
    if ours := await _ours(interaction, message_id):
        job, row = _chosen(ours, place)
        modal = RefineModal(f"refine:{row.id}", say, client.catalogue, await client.library.style_of(job))
    else:
        carried = await _carried(interaction, channel_id, message_id, place)
        modal = RefineModal(f"refine:{channel_id}:{message_id}:{place}", say, client.catalogue, carried)
    await interaction.response.send_modal(modal)


async def _carried(interaction: Interaction, channel_id: int, message_id: int, place: int) -> Parameters | None:
    """What a picture says of itself, if that is found out in time: the modal must be shown within three seconds."""
    try:
        async with asyncio.timeout(LOOK_SECONDS):
            attachment = await seen_attachment(interaction, channel_id, message_id, place)
            return await interaction.client.uploads.parameters(attachment)
    except (TimeoutError, Refusal, GenerationError, discord.HTTPException):
        return None


async def _edit(interaction: Interaction, channel_id: int, message_id: int, place: int) -> None:
    editor(interaction.client.catalogue)
    ours = await _ours(interaction, message_id)
    picked = _chosen(ours, place)[1].id if ours else f"{channel_id}:{message_id}:{place}"
    await interaction.response.send_modal(EditModal(picked, speaker_for(interaction)))


async def _upscale(interaction: Interaction, channel_id: int, message_id: int, place: int) -> None:
    if not interaction.response.is_done():
        await acknowledge(interaction)
    about = discord.MessageReference(message_id=message_id, channel_id=channel_id, fail_if_not_exists=False)
    requester = await requester_of(interaction, about=about)
    client = interaction.client
    words = ""
    if ours := await _ours(interaction, message_id):
        source = await client.library.take_up(*_chosen(ours, place))
        words = await client.library.words_of(ours[0][0])
    else:
        source = await client.uploads.receive(await seen_attachment(interaction, channel_id, message_id, place))
    await client.manager.submit(requester, upscale_request(client.catalogue, source, FACTOR, words))


async def _info(interaction: Interaction, channel_id: int, message_id: int, place: int) -> None:
    if not interaction.response.is_done():
        await acknowledge(interaction)
    say, client = speaker_for(interaction), interaction.client
    if ours := await _ours(interaction, message_id):
        job = _chosen(ours, place)[0]
        made = say("**This bot made it** ({when}).", when=discord_time(job.created_at))
        text = f"{made}\n{details(say, client.catalogue.title(job.request.model), job)}"
    else:
        attachment = await seen_attachment(interaction, channel_id, message_id, place)
        parameters, found = await client.uploads.provenance(attachment)
        made_at = await asyncio.to_thread(client.credentials.made_at, found.mark)
        origin = describe_origin(say, found, made_at, parameters, discord_time)
        text = "\n".join([_describe(say, attachment, parameters), "", *origin])[:MAX_MESSAGE]
    await interaction.edit_original_response(content=text, view=None, embeds=[])


def _describe(say: Speaker, attachment: MessagePicture, found: Parameters | None) -> str:
    lines = [f"**{escape_for_discord(attachment.filename, 80)}**: {pixels(attachment.width, attachment.height)}"]
    if found is None:
        return "\n".join([*lines, say("It carries no parameters of how it was made.")])
    rows = [
        (say("Made with"), found.tool),
        (say("Prompt"), escape_for_discord(found.prompt, MAX_SHOWN)),
        (say("Negative prompt"), escape_for_discord(found.negative_prompt, MAX_SHOWN)),
        (say("Model"), escape_for_discord(found.model, 80)),
        (say("Seed"), "" if found.seed is None else str(found.seed)),
        (say("Steps"), "" if found.num_inference_steps is None else str(found.num_inference_steps)),
        (say("Guidance scale"), "" if found.guidance_scale is None else say.number(found.guidance_scale)),
    ]
    return "\n".join([*lines, *(f"**{name}**: {value}" for name, value in rows if value)])


#: those that open a modal, which must be the first answer
MODALS = frozenset({"refine", "edit"})

ACTIONS: dict[str, Callable[[Interaction, int, int, int], Awaitable[None]]] = {
    "refine": _refine,
    "upscale": _upscale,
    "edit": _edit,
    "info": _info,
}
