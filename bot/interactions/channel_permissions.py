"""What the bot must be allowed to do in a channel to post pictures there."""

import discord

from bot.client import Interaction
from bot.errors import Refusal

NEEDED_IN_CHANNEL = discord.Permissions(
    view_channel=True, send_messages=True, attach_files=True, embed_links=True, read_message_history=True
)
NEEDED_IN_THREAD = discord.Permissions(NEEDED_IN_CHANNEL.value)
NEEDED_IN_THREAD.update(send_messages=False, send_messages_in_threads=True)


def check_may_post(interaction: Interaction) -> None:
    """Raise Refusal if the bot may not post pictures in the interaction's channel."""
    needed = NEEDED_IN_THREAD if isinstance(interaction.channel, discord.Thread) else NEEDED_IN_CHANNEL
    if interaction.channel_id is None or not interaction.app_permissions.is_superset(needed):
        raise Refusal(
            "I may not post pictures here; a server admin must allow me to view this channel, send messages, "
            "attach files, embed links and read the message history."
        )
