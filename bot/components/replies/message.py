"""What a message is about, as far as Discord shows it to us: its words, its pictures, and ours that it replies to."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.client import Client
from bot.components.replies.mention import read_words
from bot.jobs.uploads import MessagePicture, pictures_in
from bot.requests.requester import channels_of
from bot.store import JobRow, PictureRow, ServerPolicy, State

Ours = list[tuple[JobRow, PictureRow]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """A message with what it is about."""

    message: discord.Message
    #: without the mention of the bot
    words: str
    #: whether they are meant for the bot
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


async def read_message(client: Client, message: discord.Message) -> Meant:
    """What a message is about, as far as Discord shows it to us."""
    reference = message.reference
    forwarded = bool(message.message_snapshots)
    replied = reference.message_id if reference and not forwarded else None
    ours, of_job = await ours_in(client, replied) if replied else ([], False)
    words, addressed = read_words(client, message)
    attached = pictures_in(message)
    if attached:
        client.uploads.saw(message)
    return Meant(
        message=message,
        words=words,
        addressed=addressed,
        attached=attached,
        ours=ours,
        of_job=of_job,
    )


async def ours_in(client: Client, message_id: int) -> tuple[Ours, bool]:
    """Our finished pictures that a message shows, and whether it is a message of a request of ours."""
    if job := await client.store.jobs.of_message(message_id):
        return [(job, row) for row in job.of_state(State.FINISHED)], True
    shown = await client.store.jobs.shown_in(message_id)
    return ([shown] if shown else []), shown is not None


def policy_of(client: Client, message: discord.Message) -> ServerPolicy:
    """What the server's admins chose for the message's channel."""
    return client.store.policies.of(message.guild.id if message.guild else None, channels_of(message.channel))


async def locale_of(client: Client, message: discord.Message) -> str | None:
    """The language of the author's or the server's choice, or of the author's last command; None if none is known."""
    author = message.author.id
    known = client.languages.get(author) or policy_of(client, message).language or client.seen_languages.get(author)
    return known or await client.store.jobs.locale_of(author)
