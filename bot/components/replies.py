"""Messages that are meant for us: words in reply to a picture, mentions, and what is written directly.

Words that mention nobody are taken where they are an instruction beyond doubt; in between, their author is asked.
"""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from bot.client import Client
from bot.errors import NotEnough, Refusal
from bot.interactions.defaults import apply_defaults, owners_for
from bot.interactions.errors import sentence_for
from bot.jobs.uploads import MessagePicture, pictures_in
from bot.messages.buttons import Buttons, fewer_button, found_buttons, meant_button, reply_menu
from bot.moderation.admission import RateLimited
from bot.requests.builder import (
    BuiltRequest,
    Options,
    build_request,
    left_out_notes,
    no_effect,
    refine_request,
    upscale_request,
)
from bot.requests.intent import Intent, Read, is_small_talk, read_intent
from bot.requests.reply_parser import Phrase, read_reply
from bot.requests.requester import Requester, channels_of, message_requester
from bot.requests.strengths import MEDIUM
from bot.requests.styles import apply_style
from bot.requests.words.choice import read_choice
from bot.requests.words.enlarging import DEFAULT_FACTOR
from bot.store import JobRow, PictureRow, Replies, ServerPolicy, State
from bot.text.translate import Speaker, speaker
from generation import Task

log = logging.getLogger(__name__)

#: a message cannot be answered privately, so a refusal or a hint leaves again
STAYS = timedelta(seconds=30)
MEANT = "🎨"  # the reaction that asks, and with which the author says yes
ASKED = timedelta(minutes=10)  # in which the author may say yes
#: Midjourney's buttons under four pictures, in words: enlarge, vary
_PRESSED = re.compile(r"[uv]\s?[1-4]", re.IGNORECASE)
MAX_PICTURES = 10  # that a message of Discord may have
LEAST_WORDS = re.compile(r"\w")
KINDS = (discord.MessageType.default, discord.MessageType.reply)

Ours = list[tuple[JobRow, PictureRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A message with what it is about."""

    message: discord.Message
    #: without the mention of the bot
    words: str
    #: whether the bot is mentioned in the text itself, by its name or its role's, or written to directly
    addressed: bool
    #: in the message itself
    attached: Sequence[MessagePicture]
    #: our pictures in the message that is replied to
    ours: Ours
    #: whether that message is one of our requests, whose pictures may not be there yet
    of_job: bool

    @property
    def replied(self) -> int | None:
        """The message of this channel that is replied to; a forwarded one of another is none."""
        reference = self.message.reference
        here = reference and reference.channel_id == self.message.channel.id and not self.message.message_snapshots
        return reference.message_id if reference and here else None


async def answer_message(client: Client, message: discord.Message) -> None:
    """Do what a message asks for, as far as it is meant for us; ask its author where that is not sure."""
    if message.author.bot or message.type not in KINDS:
        return
    meant = await _read(client, message)
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
    meant = await _read(client, message)
    if meant.of_job or meant.addressed:
        await _carry_out(client, meant, by)


async def answer_choice(
    client: Client, message: discord.Message, place: int, by: discord.User | discord.Member | None = None
) -> None:
    """The author says which of several pictures the words are for."""
    await _carry_out(client, await _read(client, message), by, place)


async def _answer_reply(client: Client, meant: Meant) -> None:
    """Words in reply to a picture of ours that mention nobody."""
    guild, policy = meant.message.guild, _policy(client, meant.message)
    choice = await client.store.key_values.replies(guild.id if guild else None)
    place, rest = read_choice(meant.words, len(meant.ours))
    read = read_intent(rest) if rest or not _PRESSED.fullmatch(meant.words) else Read(Intent.INSTRUCTION, meant.words)
    if choice is Replies.MENTIONS or not policy.here(channels_of(meant.message.channel)) or read.intent is Intent.CHAT:
        return
    if read.intent is Intent.INSTRUCTION and choice is Replies.INSTRUCTIONS:
        await _carry_out(client, meant if place is not None else replace(meant, words=read.words))
        return
    await _ask(client, meant)


async def _ask(client: Client, meant: Meant) -> None:
    """Ask with a reaction whether the words were meant for the picture, or with a button where we may not react."""
    message = meant.message
    if client.store.bans.of(message.author.id, message.guild.id if message.guild else None):
        return
    try:
        await message.add_reaction(MEANT)
    except discord.HTTPException as error:
        log.info("message %d is asked about with a button: %s", message.id, error)
        say = await _speaker(client, message)
        await _answer(client, message, say("Shall I make a picture of that?"), meant_button(message.id, say), ASKED)


async def _carry_out(
    client: Client, meant: Meant, by: discord.User | discord.Member | None = None, place: int | None = None
) -> None:
    """Make what the message asks for, or answer what it lacks; nothing ends in silence."""
    message = meant.message
    locale = await _locale(client, message)
    requester = message_requester(message, locale, by=by, spoiler=bool(meant.ours and meant.ours[0][0].spoiler))
    say = speaker(requester.locale)
    try:
        client.admission.check(requester.person)
    except RateLimited:
        return  # an answer to each message of a flood would be one itself
    except Refusal as refusal:
        await _direct(message, say.sentence(refusal.sentence))  # private as everywhere
        return
    try:
        if asked := await _asked(client, meant, say, place):
            text, view = asked
            await _answer(client, message, text, view, ASKED if view else STAYS)
            return
        await client.manager.submit(requester, await _understood(client, meant, requester, place))
    except Exception as error:  # noqa: BLE001 - nothing ends in silence
        view = fewer_button(say, error.offer, error.possible) if isinstance(error, NotEnough) and error.offer else None
        sentence = sentence_for(say, error, f"message {message.id}")
        await _answer(client, message, sentence, view, ASKED if view else STAYS)


async def _asked(client: Client, meant: Meant, say: Speaker, place: int | None) -> tuple[str, Buttons | None] | None:
    """What is to be said first where the message does not say enough, with buttons where they help."""
    pictures, shown = len(meant.attached) or len(meant.ours), meant.attached or meant.ours
    choice, words = read_choice(meant.words, pictures)
    words = words if choice is not None else meant.words
    if not LEAST_WORDS.search(words) and choice is None:
        if meant.attached:
            offered = any(Task.EDIT in spec.tasks for spec in client.catalogue.models)
            return say("What should I do with it?"), found_buttons(meant.message.id, say, edit=offered)
        if meant.message.attachments and not meant.attached:
            raise Refusal("I cannot read that file; send a picture as PNG, JPEG, WebP or GIF.")
        return _hint(client, meant, say), None
    if not shown and is_small_talk(words):
        return _hint(client, meant, say), None
    if (
        shown
        and not meant.attached
        and is_small_talk(words)
        and choice is None
        and read_intent(words).intent is Intent.CHAT
    ):
        return _hint(client, meant, say), None
    if pictures > 1 and choice is None and place is None:
        return say("Which picture?"), reply_menu(meant.message.id, pictures, say)
    return None


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


async def _understood(client: Client, meant: Meant, requester: Requester, place: int | None) -> BuiltRequest:
    """The request for the picture that is meant, or from words where none is.

    Raises Refusal where it cannot be seen.
    """
    choice, rest = read_choice(meant.words, len(meant.attached) or len(meant.ours))
    phrase = read_reply(rest if choice is not None else meant.words)
    if choice is not None and not rest and meant.words.lower().startswith("u"):
        phrase = replace(phrase, enlarge=DEFAULT_FACTOR)
    place = choice or 0 if place is None else place
    if meant.attached:
        return await _of_picture(client, meant.attached[min(place, len(meant.attached) - 1)], phrase, requester)
    if meant.ours:
        return await _of_ours(client, meant.ours[min(place, len(meant.ours) - 1)], phrase, requester)
    if meant.of_job:
        raise Refusal("There is no picture in that message yet; reply again when it is there.")
    if meant.replied and (found := await _replied_picture(client, meant, place)):
        return await _of_picture(client, found, phrase, requester)
    return await _from_words(client, phrase, requester)


async def _of_ours(
    client: Client, shown: tuple[JobRow, PictureRow], phrase: Phrase, requester: Requester
) -> BuiltRequest:
    library = client.library
    source = await library.take_up(*shown)
    if phrase.enlarge and not phrase.prompt:
        words = await library.words_of(shown[0])
        return _enlarged(upscale_request(client.catalogue, source, phrase.enlarge, words), phrase)
    style = await library.style_of(shown[0])
    options = await _options(client, phrase, phrase.prompt_for(style.prompt), requester)
    if phrase.same_seed and options.seed is None:
        drawn = shown[0].request.task not in (Task.UPSCALE, Task.EDIT)
        options = replace(options, seed=shown[0].seed_of(shown[1]) if drawn else style.seed)
    built = refine_request(client.catalogue, style, source, options, enlarge_first=bool(phrase.enlarge))
    # The message that answers has the picture before it; only the member who presses a button needs to be told.
    return replace(built, notes=built.notes[1:])


async def _of_picture(client: Client, picture: MessagePicture, phrase: Phrase, requester: Requester) -> BuiltRequest:
    source = await client.uploads.receive(picture)
    if phrase.enlarge and not phrase.prompt:
        return _enlarged(upscale_request(client.catalogue, source, phrase.enlarge), phrase)
    options = await _options(client, phrase, phrase.prompt, requester)
    return build_request(client.catalogue, Task.IMG2IMG, options, source)


def _enlarged(built: BuiltRequest, phrase: Phrase) -> BuiltRequest:
    """The request that enlarges, with what is to be said of all else that the phrase asks for."""
    beside = {**phrase.flags, "strength": phrase.strength, "count": phrase.count}
    no_use = [no_effect(name) for name, value in beside.items() if value is not None]
    return replace(built, notes=(*built.notes, *no_use, *left_out_notes(Options(unknown=phrase.unknown))))


async def _from_words(client: Client, phrase: Phrase, requester: Requester) -> BuiltRequest:
    """As /txt2img, with the member's own defaults."""
    chosen: dict[str, Any] = {
        **phrase.flags, "prompt": phrase.prompt, "count": phrase.count, "strength": phrase.strength,
    }  # fmt: skip
    style = chosen.pop("style", None)
    options, _ = await apply_defaults(
        client,
        requester.person,
        Task.TXT2IMG,
        chosen,
        style,
        client.store.policies.of(requester.guild_id, requester.channels),
    )
    options = replace(options, unknown=phrase.unknown)
    return build_request(client.catalogue, Task.TXT2IMG, options)


async def _options(client: Client, phrase: Phrase, prompt: str, requester: Requester) -> Options:
    """The options of a phrase. Raises Refusal where neither the words nor the picture say what it shows."""
    if not prompt:
        raise Refusal("Say what the picture should show, for example “on a yellow background, strong”.")
    flags: dict[str, Any] = dict(phrase.flags)
    options = Options(
        prompt=prompt,
        strength=MEDIUM if phrase.strength is None else phrase.strength,
        count=phrase.count or 1,
        unknown=phrase.unknown,
        **flags,
    )
    return apply_style(options, await client.store.styles.of(*owners_for(requester.person)), options.style)


async def _read(client: Client, message: discord.Message) -> Meant:
    """What a message is about, as far as Discord shows it to us."""
    reference = message.reference
    forwarded = bool(message.message_snapshots)
    replied = reference.message_id if reference and not forwarded else None
    ours, of_job = await _ours(client, replied) if replied else ([], False)
    words, mentioned = _words(client, message)
    attached = pictures_in(message)
    if attached:
        client.uploads.saw(message)
    return Meant(
        message=message,
        words=words,
        addressed=mentioned or message.guild is None,
        attached=attached,
        ours=ours,
        of_job=of_job,
    )


async def _ours(client: Client, message_id: int) -> tuple[Ours, bool]:
    """Our finished pictures that a message shows, and whether it is a message of a request of ours."""
    if job := await client.store.jobs.of_message(message_id):
        return [(job, row) for row in job.of_state(State.FINISHED)], True
    shown = await client.store.jobs.shown_in(message_id)
    return ([shown] if shown else []), shown is not None


async def _replied_picture(client: Client, meant: Meant, place: int) -> MessagePicture | None:
    """The picture of somebody else's message that is replied to; None where that plainly has none.

    Raises Refusal where we may not see it.
    """
    message = meant.message
    resolved = message.reference.resolved if message.reference else None
    found = pictures_in(resolved) if isinstance(resolved, discord.Message) else []
    found = found or await client.uploads.pictures(message.channel.id, meant.replied or 0)
    if found:
        return found[min(place, len(found) - 1)]
    hidden = not isinstance(resolved, discord.Message) or not resolved.content
    if hidden and read_intent(meant.words).intent is Intent.INSTRUCTION:
        raise Refusal(
            "I cannot see that picture; open its menu (right click, or press and hold) and choose Apps > Refine."
        )
    return None


def _words(client: Client, message: discord.Message) -> tuple[str, bool]:
    """What was written, without the mention of the bot, and whether there is one: a reply's ping is none.

    Empty where Discord does not let us see it.
    """
    if client.user is None:
        return message.content.strip(), False
    own = [f"<@{client.user.id}>", f"<@!{client.user.id}>"]
    role = message.guild.self_role if message.guild else None
    if role:
        own.append(f"<@&{role.id}>")
    text, mentioned = message.content, bool(role and role in message.role_mentions)
    for mention in own:
        mentioned = mentioned or mention in text
        text = text.replace(mention, "")
    return text.strip(" \n,:"), mentioned


def _policy(client: Client, message: discord.Message) -> ServerPolicy:
    """What the server's admins chose for the message's channel."""
    return client.store.policies.of(message.guild.id if message.guild else None, channels_of(message.channel))


async def _locale(client: Client, message: discord.Message) -> str | None:
    """The language of the author's or the server's choice, or of the author's last command; None if none is known."""
    chosen = client.languages.get(message.author.id) or _policy(client, message).language
    return chosen or await client.store.jobs.locale_of(message.author.id)


async def _speaker(client: Client, message: discord.Message) -> Speaker:
    locale = await _locale(client, message)
    return speaker(message_requester(message, locale).locale)


async def _answer(
    client: Client, message: discord.Message, text: str, view: Buttons | None = None, stays: timedelta = STAYS
) -> None:
    """Reply for a while, also over a restart; directly where we may not write there."""
    fields: dict[str, Any] = {"view": view} if view else {}
    try:
        sent = await message.reply(
            text, mention_author=False, allowed_mentions=discord.AllowedMentions.none(), **fields
        )
    except discord.HTTPException as error:
        log.info("message %d is answered directly: %s", message.id, error)
        await _direct(message, text)
        return
    if message.guild is not None:
        await client.store.privacy.erase_at(sent.channel.id, sent.id, datetime.now(UTC) + stays)


async def _direct(message: discord.Message, text: str) -> None:
    """Answer in a direct message, which its author may have closed."""
    try:
        await message.author.send(text)
    except discord.HTTPException as error:
        log.info("the author of message %d cannot be answered: %s", message.id, error)
