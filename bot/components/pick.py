"""The menu of pictures of which one is posted again, in a message by itself."""

import re
from functools import partial

from bot.client import Interaction
from bot.components.base import PersistentItem, selected
from bot.interactions.acknowledge import source_message
from bot.interactions.channel_permissions import check_may_post
from bot.interactions.language import speaker_for
from bot.interactions.permissions import usable_picture
from bot.store import JobRow, PictureRow


class PickSelect(PersistentItem, template=r"take"):
    """Chooses one picture by its id."""

    async def run(self, interaction: Interaction, _: re.Match[str]) -> None:
        """Post the picture."""
        await interaction.response.defer()
        await show_alone(interaction, *await usable_picture(interaction, selected(interaction)))


async def show_alone(interaction: Interaction, job: JobRow, row: PictureRow) -> None:
    """Post one picture by itself, in reply to where it came from, with its actions; the interaction is acknowledged.

    Raises Refusal if it is not kept any longer, or may not be posted here.
    """
    library, say = interaction.client.library, speaker_for(interaction)
    channel_id = interaction.channel_id or job.channel_id
    if job.private:
        await library.show(job, row, say, channel_id, partial(interaction.followup.send, ephemeral=True))
        return
    check_may_post(interaction)
    here = interaction.client.get_partial_messageable(channel_id, guild_id=interaction.guild_id)
    await library.show(job, row, say, channel_id, partial(here.send, reference=source_message(interaction, job)))
