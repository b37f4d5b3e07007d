"""Replying to a picture with words refines it; so does mentioning the bot beside a picture."""

from contextlib import suppress

import discord

from bot.client import Client
from bot.errors import Refusal
from bot.interactions.errors import sentence_for
from bot.jobs.uploads import pictures_of
from bot.moderation.admission import RateLimited
from bot.requests.builder import BuiltRequest, Options, build_request, refine_request
from bot.requests.reply_parser import Phrase, read_reply
from bot.requests.requester import message_requester
from bot.requests.strengths import MEDIUM
from bot.store import JobRow
from bot.text.sanitize import escape_for_discord
from bot.text.translate import speaker
from generation import Sentence, Task

MAX_SHOWN = 300  # characters of the prompt
REFUSAL_STAYS = 30.0  # seconds; a reply cannot be answered privately, so its refusal leaves again


async def answer_message(client: Client, message: discord.Message) -> None:
    """Refine the picture that the message replies to or carries, as far as it is meant for us."""
    if message.author.bot:
        return
    words = _words(client, message)
    replied = _replied(message)
    ours = await _ours(client, replied) if replied else None
    meant = message.guild is None or (client.user is not None and client.user in message.mentions)
    if not words or not (ours or (meant and (replied or pictures_of(message.attachments)))):
        return
    locale = client.languages.get(message.author.id) or await client.store.jobs.locale_of(message.author.id)
    requester = message_requester(message, locale, spoiler=ours is not None and ours.spoiler)
    try:
        client.admission.check(requester.person)
    except RateLimited:
        return  # an answer to each message of a flood would be one itself
    except Refusal as refusal:
        # Private as everywhere; he may have closed his direct messages.
        with suppress(discord.HTTPException):
            await message.author.send(speaker(requester.locale).sentence(refusal.sentence))
        return
    try:
        await client.manager.submit(requester, await _understood(client, message, read_reply(words)))
    except Exception as error:  # noqa: BLE001 - nothing ends in silence
        sentence = sentence_for(speaker(requester.locale), error, f"message {message.id}")
        await message.reply(sentence, delete_after=REFUSAL_STAYS, mention_author=False)


async def _ours(client: Client, message_id: int) -> JobRow | None:
    """The job whose pictures, or one of them, the message shows."""
    if job := await client.store.jobs.of_message(message_id):
        return job
    shown = await client.store.jobs.shown_in(message_id)
    return shown[0] if shown else None


async def _understood(client: Client, message: discord.Message, phrase: Phrase) -> BuiltRequest:
    """The request for the picture that is meant. Raises Refusal where it cannot be seen."""
    library, jobs = client.library, client.store.jobs
    replied = _replied(message)
    if replied and (shown := await jobs.shown_in(replied)):
        style = await library.style_of(shown[0])
        options = _options(phrase, _wordy(phrase.prompt_for(style.prompt)))
        built = refine_request(client.catalogue, style, await library.take_up(*shown), options)
    elif replied and await jobs.of_message(replied):
        raise Refusal("There is no picture in that message yet; reply again when it is there.")
    else:
        attachment = await _foreign(client, message)
        options = _options(phrase, _wordy(phrase.prompt))
        source = await client.uploads.receive(attachment)
        built = build_request(client.catalogue, Task.IMG2IMG, options, source)
    return BuiltRequest(request=built.request, notes=(*_notes(built, phrase), *built.notes), parent=built.parent)


def _wordy(prompt: str) -> str:
    """The prompt. Raises Refusal where neither the reply nor the picture has words of what it shows."""
    if not prompt:
        raise Refusal("Say what the picture should show, for example “as a watercolour, strong”.")
    return prompt


def _replied(message: discord.Message) -> int | None:
    """The message of this channel that is replied to; a forwarded one of another is none."""
    reference = message.reference
    return reference.message_id if reference and reference.channel_id == message.channel.id else None


def _options(phrase: Phrase, prompt: str) -> Options:
    return Options(
        prompt=prompt,
        strength=MEDIUM if phrase.strength is None else phrase.strength,
        count=phrase.count or 1,
        size=phrase.size,
        seed=phrase.seed,
        negative_prompt=phrase.negative_prompt,
    )


def _notes(built: BuiltRequest, phrase: Phrase) -> tuple[Sentence, ...]:
    """How the words were understood."""
    request = built.request
    said = Sentence(
        "Understood: “{prompt}”, strength {strength}, {count} of them, {width}×{height}.",
        {
            "prompt": escape_for_discord(request.prompt, MAX_SHOWN),
            "strength": f"{request.strength:g}",
            "count": request.count,
            "width": request.width,
            "height": request.height,
        },
    )
    if not phrase.unknown:
        return (said,)
    return said, Sentence("I do not know {unknown}, and left it out.", {"unknown": ", ".join(phrase.unknown)})


async def _foreign(client: Client, message: discord.Message) -> discord.Attachment:
    """The picture beside the mention, or the one that was replied to. Raises Refusal where we may not see it."""
    own = pictures_of(message.attachments)
    if own:
        return own[0]
    reference = message.reference
    if reference and isinstance(reference.resolved, discord.Message):
        found = pictures_of(reference.resolved.attachments)
        if found:
            return found[0]
    try:
        return await client.uploads.attachment(message.channel.id, reference.message_id if reference else 0, 0)  # type: ignore[arg-type]
    except Refusal:
        raise Refusal(
            "I cannot see that picture; open its menu (right click, or press and hold) and choose Apps > Refine."
        ) from None


def _words(client: Client, message: discord.Message) -> str:
    """What was written, without the mention of the bot. Empty where Discord does not let us see it."""
    text = message.content
    if client.user:
        text = text.replace(f"<@{client.user.id}>", "").replace(f"<@!{client.user.id}>", "")
    return text.strip()
