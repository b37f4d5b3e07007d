"""Where a picture comes from: each step since the first prompt, as a contact sheet with captions."""

import asyncio
import io
from dataclasses import dataclass

import discord

from bot.client import Client, Interaction
from bot.errors import Refusal
from bot.interactions.permissions import may_see
from bot.messages.contact_sheet import contact_sheet
from bot.store import JobRow, PictureRow
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker
from generation import Task

MAX_STEPS = 8  # pictures of the way that are shown, the last ones
COLUMNS = 4
MAX_PROMPT_SHOWN = 150  # characters
MAX_ALT_TEXT = 1000  # characters; Discord takes 1,024


@dataclass(frozen=True)
class Step:
    """One picture of the way."""

    job: JobRow
    row: PictureRow


@dataclass(frozen=True)
class Lineage:
    """The way of a picture, oldest first, in words and as a picture."""

    steps: list[Step]
    text: str
    file: discord.File


async def lineage(interaction: Interaction, say: Speaker, job: JobRow, row: PictureRow) -> Lineage:
    """The history of a finished picture, back to the first of ours that the member may see and that may be shown."""
    client, channel_id = interaction.client, interaction.channel_id or 0
    steps = [Step(job, row)]
    while len(steps) < MAX_STEPS and (parent := steps[0].job.parent):
        before = await client.store.jobs.picture(parent)
        if before is None or not await may_see(interaction, before[0]):
            break
        steps.insert(0, Step(*before))
    tiles: list[tuple[bytes | None, str]] = []
    first = steps[0].job.request
    if first.images and not steps[0].job.parent:
        upload = first.images[0]
        exists = await asyncio.to_thread(upload.exists)
        data = await asyncio.to_thread(upload.read_bytes) if exists else b""
        shown = exists and await client.output_filter.allows(channel_id, data)
        tiles.append((data if shown else None, say("sent")))
    for number, step in enumerate(steps, 1):
        tiles.append((await _bytes(client, channel_id, step), f"{number}. {_caption(say, step)}"))
    columns, limit = min(COLUMNS, len(tiles)), interaction.filesize_limit
    whole, extension = await asyncio.to_thread(lambda: client.credentials.sheet(contact_sheet(tiles, columns), limit))
    lines = [f"{number}. {_line(say, step)}" for number, step in enumerate(steps, 1)]
    text = "\n".join([f"-# {say('Pictures made with AI')}", *lines])
    alt_text = text.removeprefix("-# ")
    file = discord.File(io.BytesIO(whole), f"criar-origin.{extension}", description=alt_text[:MAX_ALT_TEXT])
    return Lineage(steps, text, file)


async def _bytes(client: Client, channel_id: int, step: Step) -> bytes | None:
    try:
        return await client.library.picture(step.job, step.row, channel_id)
    except Refusal:
        return None


def _caption(say: Speaker, step: Step) -> str:
    request = step.job.request.of_picture(step.row.place)
    match request.task:
        case Task.UPSCALE:
            return say("enlarged")
        case Task.TXT2IMG:
            return say("from words")
        case _:
            return say.number(request.strength) if request.strength is not None else request.task.value


def _line(say: Speaker, step: Step) -> str:
    request = step.job.request.of_picture(step.row.place)
    if request.task is Task.UPSCALE:
        return say("enlarged to {width}×{height}", width=request.width, height=request.height)
    facts = [f"“{escape_for_discord(request.prompt, MAX_PROMPT_SHOWN)}”", say("seed {seeds}", seeds=request.seed)]
    if request.strength is not None:
        facts.append(say("strength {strength}", strength=say.number(request.strength)))
    return f"{request.task.value}: {' · '.join(facts)}"
