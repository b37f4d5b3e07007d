"""A menu of pictures of which one is taken up again, in a message of its own."""

import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import discord

from bot.interactions.acknowledge import check_may_post
from bot.interactions.errors import answering
from bot.interactions.permissions import usable_picture
from bot.moderation.admission import Admitting
from bot.store import JobRow, PictureRow
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker, speaker_for

if TYPE_CHECKING:
    from bot.client import Criar

SHOWN = 90  # characters of an option


class PickSelect(Admitting, discord.ui.DynamicItem[discord.ui.Select[Any]], template=r"take"):
    """Chooses one picture by its id."""

    def __init__(self, select: discord.ui.Select[Any] | None = None) -> None:
        super().__init__(select or discord.ui.Select(custom_id="take"))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "PickSelect":
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            data: Any = interaction.data or {}
            await show_alone(interaction, *await usable_picture(interaction, data["values"][0]))


async def show_alone(interaction: "discord.Interaction[Criar]", job: JobRow, row: PictureRow) -> None:
    """Post one picture in a message of its own, in full size and with its actions."""
    await interaction.response.defer()
    library, say = interaction.client.library, speaker_for(interaction)
    channel_id = interaction.channel_id or job.channel_id
    if job.private:
        await library.show(job, row, say, channel_id, partial(interaction.followup.send, ephemeral=True))
        return
    check_may_post(interaction)
    here = interaction.client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    await library.show(job, row, say, channel_id, here.send)


def pick_view(say: Speaker, pictures: Sequence[tuple[JobRow, PictureRow]], first: int = 1) -> discord.ui.View:
    """A view with the menu, numbered as the pictures are."""
    view = discord.ui.View(timeout=None)
    options = [
        discord.SelectOption(
            label=f"{number}. {escape_for_discord(job.request.prompt, SHOWN) or say('enlarged')}"[:100], value=row.id
        )
        for number, (job, row) in enumerate(pictures, first)
    ]
    select: discord.ui.Select[Any] = discord.ui.Select(
        custom_id="take", placeholder=say("Take one up again"), options=options
    )
    view.add_item(PickSelect(select))
    return view
