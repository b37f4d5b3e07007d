"""Who asked, where, and how to answer them: the same for a command, a button, a modal and a reply."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord

from bot.quota import Person

DEFAULT_UPLOAD_LIMIT = 10 * 2**20  # bytes a file, if Discord names no other


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """One interaction or message that asks for pictures."""

    #: of the interaction or the message
    id: int
    user_id: int
    guild_id: int | None
    channel_id: int
    #: of the channel that a thread belongs to
    parent_channel_id: int | None = None
    #: Discord's code of the member's language
    locale: str
    #: bytes that one file may have here
    upload_limit: int
    #: whether only the member sees the pictures
    private: bool = False
    spoiler: bool = False
    #: of the interaction; None if a message asked
    token: str | None = None
    #: edits the member's private answer (content, attachments, view); None without one, as for a message
    edit: Callable[..., Awaitable[object]] | None = None
    #: the message that the announcement replies to
    reply_to: discord.MessageReference | None = None
    #: ids of the member's roles in the server
    roles: frozenset[int] = frozenset()

    @property
    def channels(self) -> tuple[int, ...]:
        """The channel, and the one that it is a thread of."""
        return tuple(filter(None, (self.channel_id, self.parent_channel_id)))

    @property
    def person(self) -> Person:
        """Whose limits count."""
        return Person(user_id=self.user_id, guild_id=self.guild_id, roles=self.roles)


def roles_of(user: discord.User | discord.Member) -> frozenset[int]:
    """The ids of the roles that Discord sent along; none outside a server."""
    return frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()


def channels_of(channel: object) -> tuple[int, ...]:
    """The ids of a channel, and of the one that it is a thread of."""
    return tuple(filter(None, (getattr(channel, "id", None), parent_of(channel))))


def parent_of(channel: object) -> int | None:
    """The id of the channel that a thread belongs to; None for any other channel."""
    return channel.parent_id if isinstance(channel, discord.Thread) else None


def message_requester(
    message: discord.Message,
    locale: str | None,
    *,
    by: discord.User | discord.Member | None = None,
    spoiler: bool = False,
) -> Requester:
    """Who wrote the message; the announcement will reply to it. Without a ``locale``, the server's is taken.

    ``by`` is the author with their roles, which a message that is fetched does not have.
    """
    usual = message.guild.preferred_locale if message.guild else discord.Locale.american_english
    return Requester(
        id=message.id,
        user_id=message.author.id,
        guild_id=message.guild.id if message.guild else None,
        channel_id=message.channel.id,
        parent_channel_id=parent_of(message.channel),
        locale=locale or usual.value,
        upload_limit=message.guild.filesize_limit if message.guild else DEFAULT_UPLOAD_LIMIT,
        spoiler=spoiler,
        reply_to=message.to_reference(fail_if_not_exists=False),
        roles=roles_of(by or message.author),
    )
