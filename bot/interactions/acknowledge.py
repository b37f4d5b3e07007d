"""Who asked, where, and how to answer him: the same for a command, a button, a modal and a reply."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import discord

from bot.errors import Refusal
from bot.quota import Person
from bot.store import JobRow
from bot.text.translate import locale_of

if TYPE_CHECKING:
    from bot.client import Criar

DEFAULT_UPLOAD_LIMIT = 10 * 2**20  # bytes a file, where Discord names no other

NEEDED_IN_CHANNEL = discord.Permissions(
    view_channel=True, send_messages=True, attach_files=True, embed_links=True, read_message_history=True
)
NEEDED_IN_THREAD = discord.Permissions(NEEDED_IN_CHANNEL.value)
NEEDED_IN_THREAD.update(send_messages=False, send_messages_in_threads=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """One interaction or message that asks for pictures."""

    #: of the interaction or the message
    id: int
    user_id: int
    guild_id: int | None
    channel_id: int
    #: Discord's code of the member's language
    locale: str
    #: bytes that one file may have here
    upload_limit: int
    #: whether the pictures are for the member alone
    private: bool = False
    spoiler: bool = False
    #: of the interaction; None where a message asked
    token: str | None = None
    #: edits the member's private answer (content, attachments, view); None where there is none, as for a message
    edit: Callable[..., Awaitable[object]] | None = None
    #: the message that the announcement replies to
    reply_to: discord.MessageReference | None = None
    #: ids of the member's roles in the server
    roles: frozenset[int] = frozenset()


async def acknowledge(
    interaction: "discord.Interaction[Criar]", *, private: bool | None = None, spoiler: bool = False
) -> Requester:
    """Acknowledge the interaction with a private answer that is filled in later.

    The pictures are for the member alone where ``private`` or, left open, his settings say so, and where the app is
    installed to him and not to the server. Raises Refusal where the bot may not post pictures in the channel, so that
    nothing is made that cannot be shown.
    """
    await interaction.response.defer(ephemeral=True, thinking=True)
    if private is None:
        private = bool((await interaction.client.store.preferences.get(interaction.user.id)).private)
    private = private or (interaction.is_user_integration() and not interaction.is_guild_integration())
    if not private:
        check_may_post(interaction)
    return Requester(
        id=interaction.id,
        user_id=interaction.user.id,
        guild_id=interaction.guild_id,
        channel_id=interaction.channel_id or 0,
        locale=locale_of(interaction),
        upload_limit=interaction.filesize_limit,
        private=private,
        spoiler=spoiler,
        token=interaction.token,
        edit=interaction.edit_original_response,
        roles=roles_of(interaction.user),
    )


def roles_of(user: discord.User | discord.Member) -> frozenset[int]:
    """The ids of the roles that Discord sent along; none outside a server."""
    return frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()


def person_of(interaction: discord.Interaction) -> Person:
    """Whose limits count."""
    return Person(user_id=interaction.user.id, guild_id=interaction.guild_id, roles=roles_of(interaction.user))


async def acknowledge_like(interaction: "discord.Interaction[Criar]", job: JobRow | None) -> Requester:
    """As acknowledge; what comes of a private or covered picture is private or covered too."""
    private = True if job and job.private else None
    return await acknowledge(interaction, private=private, spoiler=bool(job and job.spoiler))


def check_may_post(interaction: discord.Interaction) -> None:
    """Raise Refusal where the bot may not post pictures in the interaction's channel."""
    needed = NEEDED_IN_THREAD if isinstance(interaction.channel, discord.Thread) else NEEDED_IN_CHANNEL
    if interaction.channel_id is None or not interaction.app_permissions.is_superset(needed):
        raise Refusal(
            "I may not post pictures here; a server admin must allow me to view this channel, send messages, "
            "attach files, embed links and read the message history."
        )


def message_requester(message: discord.Message, locale: str | None, *, spoiler: bool = False) -> Requester:
    """Who wrote the message; the announcement will reply to it. Without a ``locale`` of his, the server's is taken."""
    usual = message.guild.preferred_locale if message.guild else discord.Locale.american_english
    return Requester(
        id=message.id,
        user_id=message.author.id,
        guild_id=message.guild.id if message.guild else None,
        channel_id=message.channel.id,
        locale=locale or usual.value,
        upload_limit=message.guild.filesize_limit if message.guild else DEFAULT_UPLOAD_LIMIT,
        spoiler=spoiler,
        reply_to=message.to_reference(fail_if_not_exists=False),
        roles=roles_of(message.author),
    )
