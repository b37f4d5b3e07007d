"""What is asked or said before anything is made: whether words are meant for a picture, for which, and what is missing.

A message cannot be answered privately, so an answer leaves again.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from bot.client import Client
from bot.components.replies.message import Meant, locale_of
from bot.errors import Refusal
from bot.messages.buttons import Buttons, found_buttons, meant_button, reply_menu
from bot.messages.numbered_pictures import numbered_pictures
from bot.requests.intent import Intent, is_small_talk, read_intent
from bot.requests.picture_choice import read_choice
from bot.requests.requester import message_requester
from bot.text.translate import Speaker, speaker
from generation import Task

log = logging.getLogger(__name__)

#: how long a refusal or a hint stays
STAYS = timedelta(seconds=30)
MEANT = "🎨"  # the reaction that asks, and with which the author says yes
#: in which the author may say yes, or press a button of ours
ASKED = timedelta(minutes=10)
LEAST_WORDS = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Question:
    """What is answered instead of a picture."""

    text: str
    view: Buttons | None = None
    embeds: Sequence[discord.Embed] = ()


async def ask_with_reaction(client: Client, meant: Meant) -> None:
    """Ask with a reaction whether the words were meant for the picture, or with a button where we may not react."""
    message = meant.message
    if client.store.bans.of(message.author.id, message.guild.id if message.guild else None):
        return
    try:
        await message.add_reaction(MEANT)
    except discord.HTTPException as error:
        log.info("message %d is asked about with a button: %s", message.id, error)
        say = await _speaker(client, message)
        question = Question(say("Should I make a picture of that?"), meant_button(message.id, say))
        await answer(client, message, question)


async def ask_first(client: Client, meant: Meant, say: Speaker, place: int | None) -> Question | None:
    """What is to be said first if the message does not say enough, with buttons if they help.

    Raises Refusal if a file came with it that is no picture.
    """
    if meant.message.attachments and not meant.attached:
        raise Refusal("I cannot read that file; send a picture as PNG, JPEG, WebP or GIF.")
    pictures, shown = len(meant.attached) or len(meant.ours), meant.attached or meant.ours
    choice, words = read_choice(meant.words, pictures)
    if choice is not None:
        return None
    if not LEAST_WORDS.search(words):
        if meant.attached:
            offered = any(Task.EDIT in spec.tasks for spec in client.catalogue.models)
            return Question(say("What should I do with it?"), found_buttons(meant.message.id, say, edit=offered))
        return Question(_hint(client, meant, say))
    if is_small_talk(words) and (not shown or (not meant.attached and read_intent(words).intent is Intent.CHAT)):
        return Question(_hint(client, meant, say))
    if pictures > 1 and place is None:
        menu = reply_menu(meant.message.id, pictures, say)
        return Question(say("Which picture?"), menu, numbered_pictures(say, await _addresses(client, meant)))
    return None


async def _addresses(client: Client, meant: Meant) -> list[str]:
    """Where the pictures lie that a menu offers; none if they are covered, since thumbnails are not."""
    pictures = meant.attached or await client.uploads.pictures(meant.message.channel.id, meant.replied or 0)
    count = len(meant.attached) or len(meant.ours)
    if len(pictures) != count or any(picture.spoiler for picture in pictures):
        return []
    return [picture.url for picture in pictures]


def _hint(client: Client, meant: Meant, say: Speaker) -> str:
    me = f"<@{client.user.id}>" if client.user and meant.message.guild else ""
    if meant.message.role_mentions and not meant.message.content:
        return say("Discord hides your words from me there; write {me} before them, or use /txt2img.", me=me)
    if meant.of_job or meant.replied:
        return say("Say what to change, for example “on a yellow background, strong”; /help shows more.")
    example = f"{me} {say('a red apple')}".strip()
    return say(
        "Write what the picture should show, such as “{example}”, or use /txt2img; /help shows more.", example=example
    )


async def _speaker(client: Client, message: discord.Message) -> Speaker:
    locale = await locale_of(client, message)
    return speaker(message_requester(message, locale).locale)


async def answer(client: Client, message: discord.Message, said: Question) -> None:
    """Reply for a while, longer where something can be pressed; directly where we may not write."""
    fields: dict[str, Any] = {"view": said.view} if said.view else {}
    try:
        sent = await message.reply(
            said.text,
            embeds=said.embeds,
            mention_author=False,
            allowed_mentions=discord.AllowedMentions.none(),
            **fields,
        )
    except discord.HTTPException as error:
        log.info("message %d is answered directly: %s", message.id, error)
        await answer_directly(message, said.text)
        return
    if message.guild is not None:
        until = datetime.now(UTC) + (ASKED if said.view else STAYS)
        await client.store.privacy.erase_at(sent.channel.id, sent.id, until)


async def answer_directly(message: discord.Message, text: str) -> None:
    """Answer in a direct message, which its author may have closed."""
    try:
        await message.author.send(text)
    except discord.HTTPException as error:
        log.info("the author of message %d cannot be answered: %s", message.id, error)
