"""Who is meant, and what is done: chat stays chat, instructions are carried out, what may be either is asked about."""

import re
from dataclasses import replace

import discord

from bot.client import Client
from bot.components.replies.message import Meant, locale_of, policy_of, read_message
from bot.components.replies.question import (
    LEAST_WORDS,
    Question,
    answer,
    answer_directly,
    ask_first,
    ask_with_reaction,
)
from bot.components.replies.request import request_of
from bot.errors import NotEnough, Refusal
from bot.interactions.errors import sentence_for
from bot.messages.buttons import fewer_button
from bot.moderation.admission import RateLimited
from bot.requests.intent import Intent, Read, read_intent
from bot.requests.picture_choice import read_choice
from bot.requests.requester import channels_of, message_requester
from bot.store import Replies
from bot.text.translate import speaker

#: Midjourney's buttons under four pictures, in words: enlarge, vary
_PRESSED = re.compile(r"[uv]\s?[1-4](?:[\s,]+(?:please|pls|por favor|porfa))?\W*", re.IGNORECASE)
MAX_PICTURES = 10  # that a message of Discord may have
KINDS = (discord.MessageType.default, discord.MessageType.reply)


async def answer_message(client: Client, message: discord.Message) -> None:
    """Do what a message asks for, as far as it is meant for us; ask its author if that is not certain."""
    if message.author.bot or message.type not in KINDS:
        return
    meant = await read_message(client, message)
    if meant.addressed:
        await _carry_out(client, _without_praise(meant))
    elif meant.of_job and LEAST_WORDS.search(meant.words):
        await _answer_reply(client, meant)


def _without_praise(meant: Meant) -> Meant:
    """“Love it! now at night”: what is said to be kind is no part of the picture; which picture is meant stays."""
    read = read_intent(meant.words)
    if read.intent is not Intent.INSTRUCTION or read_choice(meant.words, MAX_PICTURES)[0] is not None:
        return meant
    return replace(meant, words=read.words)


async def answer_yes(client: Client, message: discord.Message, by: discord.User | discord.Member | None = None) -> None:
    """The author says that words in reply to a picture were meant for it."""
    meant = await read_message(client, message)
    if meant.of_job or meant.addressed:
        await _carry_out(client, meant, by)


async def answer_choice(
    client: Client, message: discord.Message, place: int, by: discord.User | discord.Member | None = None
) -> None:
    """The author says which of several pictures the words are for."""
    await _carry_out(client, await read_message(client, message), by, place)


async def _answer_reply(client: Client, meant: Meant) -> None:
    """Words in reply to a picture of ours that mention nobody."""
    guild, policy = meant.message.guild, policy_of(client, meant.message)
    choice = await client.store.key_values.replies(guild.id if guild else None)
    place, rest = read_choice(meant.words, len(meant.ours))
    read = read_intent(rest) if rest or not _PRESSED.fullmatch(meant.words) else Read(Intent.INSTRUCTION, meant.words)
    if choice is Replies.MENTIONS or not policy.here(channels_of(meant.message.channel)) or read.intent is Intent.CHAT:
        return
    if read.intent is Intent.INSTRUCTION and choice is Replies.INSTRUCTIONS:
        await _carry_out(client, meant if place is not None else replace(meant, words=read.words))
        return
    await ask_with_reaction(client, meant)


async def _carry_out(
    client: Client, meant: Meant, by: discord.User | discord.Member | None = None, place: int | None = None
) -> None:
    """Make what the message asks for, or answer what it lacks; nothing ends in silence."""
    message = meant.message
    locale = await locale_of(client, message)
    requester = message_requester(message, locale, by=by, spoiler=bool(meant.ours and meant.ours[0][0].spoiler))
    say = speaker(requester.locale)
    try:
        client.admission.check(requester.person)
    except RateLimited:
        return  # an answer to each message of a flood would be one itself
    except Refusal as refusal:
        await answer_directly(message, say.sentence(refusal.sentence))  # private as everywhere
        return
    try:
        if asked := await ask_first(client, meant, say, place):
            await answer(client, message, asked)
            return
        await client.manager.submit(requester, await request_of(client, meant, requester, place))
    except Exception as error:  # noqa: BLE001 - nothing ends in silence
        view = fewer_button(say, error.offer, error.possible) if isinstance(error, NotEnough) and error.offer else None
        sentence = sentence_for(say, error, f"message {message.id}")
        await answer(client, message, Question(sentence, view))
