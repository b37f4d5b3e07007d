"""One's own pictures, page by page, as numbered thumbnails."""

import asyncio
import io
import re

import discord

from bot.client import Interaction
from bot.components.base import PersistentItem
from bot.errors import Refusal
from bot.interactions.language import speaker_for
from bot.messages.buttons import Buttons, pick_menu
from bot.messages.contact_sheet import contact_sheet
from bot.store import JobRow, PictureRow
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

PAGE, COLUMNS = 6, 3  # thumbnails
MAX_PROMPT_SHOWN = 120  # characters
MAX_ALT_TEXT = 1000  # characters; Discord takes 1,024


class HistoryButton(PersistentItem, template=r"history:(?P<offset>\d{1,9})"):
    """Turns to the page that begins at an offset."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Show the page."""
        await interaction.response.defer()
        await show_history(interaction, int(match["offset"]))


async def show_history(interaction: Interaction, offset: int) -> None:
    """Put a page into the interaction's private answer."""
    client, say = interaction.client, speaker_for(interaction)
    found = await client.store.jobs.made_by(interaction.user.id, offset, PAGE + 1)
    page, more = found[:PAGE], len(found) > PAGE
    if not page:
        await interaction.edit_original_response(
            content=say("You have made no pictures yet; try /txt2img."), attachments=[], view=None
        )
        return
    tiles = [
        (await _thumbnail(interaction, job, row), str(number)) for number, (job, row) in enumerate(page, offset + 1)
    ]
    limit = interaction.filesize_limit
    data, extension = await asyncio.to_thread(lambda: client.credentials.sheet(contact_sheet(tiles, COLUMNS), limit))
    lines = [_line(say, number, job) for number, (job, _) in enumerate(page, offset + 1)]
    view = _view(say, page, offset, more=more)
    text = "\n".join([f"-# {say('Pictures made with AI')}", *lines])
    shown = [f"{number}: {_title(say, job)}" for number, (job, _) in enumerate(page, offset + 1)]
    alt_text = "\n".join([say("Pictures made with AI"), *shown])
    file = discord.File(io.BytesIO(data), f"criar-history.{extension}", description=alt_text[:MAX_ALT_TEXT])
    await interaction.edit_original_response(content=text, attachments=[file], view=view)


def _view(say: Speaker, page: list[tuple[JobRow, PictureRow]], offset: int, *, more: bool) -> Buttons:
    view = pick_menu(say, page, offset + 1)
    if offset:
        view.button(f"history:{max(0, offset - PAGE)}", say("Newer"), row=1)
    if more:
        view.button(f"history:{offset + PAGE}", say("Older"), row=1)
    return view


async def _thumbnail(interaction: Interaction, job: JobRow, row: PictureRow) -> bytes | None:
    try:
        return await interaction.client.library.picture(job, row, interaction.channel_id or 0)
    except Refusal:
        return None


def _line(say: Speaker, number: int, job: JobRow) -> str:
    when = int(job.created_at.timestamp())
    return f"**{number}** {escape_for_discord(_title(say, job), MAX_PROMPT_SHOWN)} <t:{when}:R>"


def _title(say: Speaker, job: JobRow) -> str:
    return job.request.prompt[:MAX_PROMPT_SHOWN] or say("enlarged")
