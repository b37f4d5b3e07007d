"""What the author of a message answers when we asked: that it was meant for a picture, and for which of several.

All of it is found again in Discord itself, so that a restart loses nothing; a message is carried out once at most.
"""

import logging
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import discord

from bot.client import Client, Interaction
from bot.components.base import PersistentItem, selected
from bot.components.replies.answer import answer_choice, answer_yes
from bot.components.replies.question import ASKED, MEANT
from bot.errors import Refusal
from bot.interactions.permissions import NOT_KEPT

log = logging.getLogger(__name__)


class MeantItem(PersistentItem, template=r"meant:(?P<message>\d{1,20})"):
    """The author says that their words were meant for the picture, or for which of several."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Make it. Raises Refusal for everybody else, and after ten minutes."""
        await interaction.response.defer()
        client, message = interaction.client, await _own_message(interaction, int(match["message"]))
        data: Any = interaction.data or {}
        if "values" not in data:
            await answer_yes(client, message, interaction.user)
        elif selected(interaction).isdecimal():
            await answer_choice(client, message, int(selected(interaction)), interaction.user)
        else:
            raise Refusal(NOT_KEPT)
        with suppress(discord.HTTPException):
            await interaction.delete_original_response()


async def answer_reaction(client: Client, reaction: discord.RawReactionActionEvent) -> None:
    """Make what the author of a message means once they press the reaction with which we asked."""
    asked = client.user is not None and str(reaction.emoji) == MEANT and reaction.user_id != client.user.id
    if not asked or _too_old(reaction.message_id) or reaction.message_author_id not in (None, reaction.user_id):
        return
    channel = client.get_partial_messageable(reaction.channel_id, guild_id=reaction.guild_id)
    try:
        message = await channel.fetch_message(reaction.message_id)
    except discord.HTTPException as error:
        log.info("message %d cannot be read again: %s", reaction.message_id, error)
        return
    ours = any(str(each.emoji) == MEANT and each.me for each in message.reactions)
    if ours and message.author.id == reaction.user_id:
        await answer_yes(client, message, reaction.member)


async def _own_message(interaction: Interaction, message_id: int) -> discord.Message:
    """The message of this channel that the member wrote. Raises Refusal if there is none, or it is too old."""
    channel = interaction.client.get_partial_messageable(interaction.channel_id or 0, guild_id=interaction.guild_id)
    if _too_old(message_id):
        raise Refusal("That was too long ago; write it again.")
    try:
        message = await channel.fetch_message(message_id)
    except discord.HTTPException:
        raise Refusal(NOT_KEPT) from None
    if message.author.id != interaction.user.id:
        raise Refusal("Only the author of these words can say what they were meant for.")
    return message


def _too_old(message_id: int) -> bool:
    return datetime.now(UTC) - discord.utils.snowflake_time(message_id) > ASKED
