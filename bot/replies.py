"""Replying to a picture of the bot with words refines it."""

from typing import TYPE_CHECKING

import discord

from generation import Task

from .asker import message_asker
from .compose import MEDIUM, Options, compose
from .text import speaker
from .views.errors import sentence_for

if TYPE_CHECKING:
    from .client import Criar

REFUSAL_STAYS = 30.0  # seconds; a reply cannot be answered privately, so its refusal leaves again


async def answer_reply(client: "Criar", message: discord.Message) -> None:
    """Refine the picture that the message replies to, where it is one of ours and the message has words."""
    if message.author.bot or message.reference is None or message.reference.message_id is None:
        return
    job = await client.store.jobs.of_message(message.reference.message_id)
    words = _words(client, message)
    if job is None or not words:
        return
    asker = message_asker(message)
    try:
        source = await client.flow.take_up(job)
        same_model = Task.IMG2IMG in client.catalogue.get(job.request.model).tasks
        options = Options(prompt=words, model=job.request.model if same_model else None, strength=MEDIUM)
        composed = compose(client.catalogue, Task.IMG2IMG, options, source)
        await client.flow.submit(asker, composed)
    except Exception as error:  # noqa: BLE001 - nothing ends in silence
        sentence = sentence_for(speaker(asker.locale), error, f"message {message.id}")
        await message.reply(sentence, delete_after=REFUSAL_STAYS, mention_author=False)


def _words(client: "Criar", message: discord.Message) -> str:
    """What was written, without the mention of the bot. Empty where Discord does not let us see it."""
    text = message.content
    if client.user:
        text = text.replace(f"<@{client.user.id}>", "").replace(f"<@!{client.user.id}>", "")
    return text.strip()
