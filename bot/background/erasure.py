"""Takes away the messages that show what members deleted."""

import asyncio
import logging
from datetime import UTC, datetime

import discord

from bot.client import Client
from bot.jobs.delivery import DELIVERY_ERRORS, is_transient

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between two looks for messages to erase
AT_ONCE = 20  # messages


async def erase_regularly(client: Client) -> None:
    """Take away messages whose time is up or that show what members deleted; never returns.

    A restart goes on with the rest.
    """
    while True:
        await asyncio.sleep(LOOK)
        if not client.is_ready():
            continue
        try:
            for channel_id, message_id in await client.store.privacy.to_erase(datetime.now(UTC), AT_ONCE):
                await _erase(client, channel_id, message_id)
                await client.store.privacy.erased(message_id)
        except DELIVERY_ERRORS as error:
            log.info("what members deleted is taken away later: %r", error)


async def _erase(client: discord.Client, channel_id: int, message_id: int) -> None:
    """Take a message away, unless Discord refuses it; raises if trying again may help."""
    try:
        await client.get_partial_messageable(channel_id).get_partial_message(message_id).delete()
    except discord.HTTPException as error:
        if is_transient(error):
            raise
        log.info("message %d cannot be taken away: %s", message_id, error)
