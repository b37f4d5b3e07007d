"""Acknowledging an interaction, before anything that may take time."""

import discord

from bot.client import Interaction
from bot.interactions.channel_permissions import check_may_post
from bot.interactions.language import locale_of
from bot.quota import Person
from bot.requests.requester import Requester, parent_of, roles_of
from bot.store import JobRow


async def acknowledge(interaction: Interaction) -> None:
    """Promise a private answer, which is filled in later with ``edit_original_response``.

    Discord waits three seconds for this, so nothing is read from disk before.
    """
    await interaction.response.defer(ephemeral=True, thinking=True)


async def requester_of(
    interaction: Interaction,
    *,
    private: bool | None = None,
    spoiler: bool = False,
    like: JobRow | None = None,
    about: discord.MessageReference | None = None,
) -> Requester:
    """Who asks for pictures with an interaction that is acknowledged.

    Only the member sees the pictures if ``private`` or, left open, their settings say so, and if the app is installed
    to them and not to the server. What comes of a private or covered job ``like`` is private or covered too. The
    pictures reply to the message ``about`` which a menu was used, or to that of the button. Raises Refusal if the bot
    may not post pictures in the channel, so that nothing is made that cannot be shown.
    """
    interaction.client.output_filter.saw(interaction.channel)
    if like is not None and like.private:
        private = True
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
        parent_channel_id=parent_of(interaction.channel),
        locale=locale_of(interaction),
        upload_limit=interaction.filesize_limit,
        private=private,
        spoiler=spoiler or bool(like and like.spoiler),
        token=interaction.token,
        edit=interaction.edit_original_response,
        roles=roles_of(interaction.user),
        reply_to=about or source_message(interaction, like),
    )


def source_message(interaction: Interaction, like: JobRow | None) -> discord.MessageReference | None:
    """The message of the picture that the new ones come from, so that everybody sees what came of what."""
    message = interaction.message
    if message is not None and not message.flags.ephemeral and message.author == interaction.client.user:
        return message.to_reference(fail_if_not_exists=False)
    if like and like.message_id and like.channel_id == interaction.channel_id and not like.private and not like.deleted:
        return discord.MessageReference(
            message_id=like.message_id, channel_id=like.channel_id, guild_id=like.guild_id, fail_if_not_exists=False
        )
    return None


def person_of(interaction: Interaction) -> Person:
    """Whose limits count."""
    return Person(user_id=interaction.user.id, guild_id=interaction.guild_id, roles=roles_of(interaction.user))
