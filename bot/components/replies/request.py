"""The request that a message makes: of the picture that it is about, or from words if there is none."""

from dataclasses import replace
from typing import Any

import discord

from bot.client import Client
from bot.components.replies.message import Meant
from bot.errors import Refusal
from bot.interactions.defaults import apply_defaults, owners_for
from bot.jobs.uploads import MessagePicture, pictures_in
from bot.requests.builder import BuiltRequest, Options, build_request, refine_request, upscale_request
from bot.requests.flags import LINK
from bot.requests.intent import Intent, read_intent
from bot.requests.notes import left_out_notes, no_effect
from bot.requests.picture_choice import read_choice
from bot.requests.reply_parser import Phrase, read_reply
from bot.requests.requester import Requester
from bot.requests.strengths import MEDIUM
from bot.requests.styles import apply_style
from bot.requests.words.enlarging import DEFAULT_FACTOR
from bot.store import JobRow, PictureRow
from generation import Task


async def request_of(client: Client, meant: Meant, requester: Requester, place: int | None) -> BuiltRequest:
    """The request for the picture that is meant, or from words if none is.

    Raises Refusal if it cannot be seen.
    """
    choice, rest = read_choice(meant.words, len(meant.attached) or len(meant.ours))
    phrase = read_reply(rest if choice is not None else meant.words)
    if choice is not None and not rest and meant.words.lower().startswith("u"):
        phrase = replace(phrase, enlarge=DEFAULT_FACTOR)
    place = choice or 0 if place is None else place
    if meant.attached:
        # A link whose preview is the picture was not left out.
        phrase = replace(phrase, unknown=tuple(each for each in phrase.unknown if each != LINK))
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
    return replace(built, notes=(*built.notes, *no_use, *left_out_notes(phrase.unknown)))


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
    """The options of a phrase. Raises Refusal if neither the words nor the picture say what it shows."""
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


async def _replied_picture(client: Client, meant: Meant, place: int) -> MessagePicture | None:
    """The picture of somebody else's message that is replied to; None if that plainly has none.

    Raises Refusal if we may not see it.
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
