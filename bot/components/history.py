"""One's own pictures, page by page, as numbered thumbnails."""

import asyncio
import io
import re
from typing import TYPE_CHECKING, Any

import discord

from bot.components.pick import pick_view
from bot.errors import Refusal
from bot.interactions.errors import answering
from bot.messages.contact_sheet import contact_sheet
from bot.moderation.admission import Admitting
from bot.store import JobRow, PictureRow
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker, speaker_for

if TYPE_CHECKING:
    from bot.client import Criar

PAGE, COLUMNS = 6, 3  # thumbnails
MAX_PROMPT = 120  # characters


class HistoryButton(Admitting, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"history:(?P<offset>\d{1,9})"):
    """Turns to the page that begins at an offset."""

    def __init__(self, offset: int, label: str = "") -> None:
        self.offset = offset
        super().__init__(discord.ui.Button(label=label or str(offset), custom_id=f"history:{offset}", row=1))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "HistoryButton":
        return cls(int(match["offset"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            await interaction.response.defer()
            await show_history(interaction, self.offset)


async def show_history(interaction: "discord.Interaction[Criar]", offset: int) -> None:
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
    data = await asyncio.to_thread(lambda: client.credentials.sheet(contact_sheet(tiles, COLUMNS)))
    lines = [_line(say, number, job) for number, (job, _) in enumerate(page, offset + 1)]
    view = _view(say, page, offset, more=more)
    file = discord.File(io.BytesIO(data), "criar-history.png", description="\n".join(lines)[:1000])
    await interaction.edit_original_response(content="\n".join(lines), attachments=[file], view=view)


def _view(say: Speaker, page: list[tuple[JobRow, PictureRow]], offset: int, *, more: bool) -> discord.ui.View:
    view = pick_view(say, page, offset + 1)
    if offset:
        view.add_item(HistoryButton(max(0, offset - PAGE), say("Newer")))
    if more:
        view.add_item(HistoryButton(offset + PAGE, say("Older")))
    return view


async def _thumbnail(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow) -> bytes | None:
    try:
        return await interaction.client.library.picture(job, row, interaction.channel_id or 0)
    except Refusal:
        return None


def _line(say: Speaker, number: int, job: JobRow) -> str:
    when = int(job.created_at.timestamp())
    return f"**{number}** {escape_for_discord(job.request.prompt, MAX_PROMPT) or say('enlarged')} <t:{when}:R>"
