"""The one place that turns errors into answers: a sentence for the person, a log line with the same number for us."""

import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import discord
from discord import app_commands

from bot.errors import NotEnough, Refusal
from bot.interactions.language import speaker_for
from bot.messages.buttons import fewer_button
from bot.text.sanitize import escape_params
from bot.text.translate import Speaker
from generation import GenerationError, SentenceError

log = logging.getLogger(__name__)

ALREADY_ACKNOWLEDGED = 40060
UNKNOWN_INTERACTION = 10062


@asynccontextmanager
async def answering(interaction: discord.Interaction[Any]) -> AsyncIterator[None]:
    """Answer the interaction with a sentence if the body raises."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - no command may end in silence
        await answer_error(interaction, error)


async def answer_error(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Tell the person privately what went wrong."""
    if isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError) and error.__cause__:
        error = error.__cause__ if isinstance(error.__cause__, Exception) else error
    if isinstance(error, discord.HTTPException) and error.code in (ALREADY_ACKNOWLEDGED, UNKNOWN_INTERACTION):
        # Delivered twice, or later than Discord waits: another answer went out, or none can.
        log.warning("interaction %s could not be acknowledged: %s", interaction.id, error)
        return
    if isinstance(error, SentenceError):
        interaction.client.metrics.refused(error.template)
    say = speaker_for(interaction)
    sentence = sentence_for(say, error, f"interaction {interaction.id}")
    view = fewer_button(say, error.offer, error.possible) if isinstance(error, NotEnough) and error.offer else None
    try:
        if interaction.response.type is discord.InteractionResponseType.deferred_channel_message:
            await interaction.edit_original_response(content=sentence, attachments=[], view=view)
        elif interaction.response.is_done():
            await interaction.followup.send(sentence, ephemeral=True, view=view or discord.utils.MISSING)
        else:
            await interaction.response.send_message(sentence, ephemeral=True, view=view or discord.utils.MISSING)
    except discord.HTTPException as failure:
        # Not the sentence, which may quote a prompt.
        log.warning("interaction %s could not be answered (%s): %s", interaction.id, type(error).__name__, failure)


def sentence_for(say: Speaker, error: Exception, where: str) -> str:
    """What to tell the person; an unexpected error is logged with a number, and the sentence carries the number."""
    match error:
        case Refusal() | GenerationError():
            return say.sentence(escape_params(error.sentence))
        case app_commands.CheckFailure():
            return say("You may not use this command here.")
        case _:
            number = secrets.token_hex(3)
            log.error("error %s in %s", number, where, exc_info=error)
            return say("Something went wrong on my side; please tell the operator the number {number}.", number=number)
