"""Posts the audit log into the channels that were set for it."""

import asyncio
import logging
from datetime import UTC, datetime

import discord

from bot.client import Client
from bot.jobs.delivery import DELIVERY_ERRORS, is_transient
from bot.messages.audit_entry import entry_line
from bot.store import Entry
from bot.text.translate import speaker

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between two looks for entries; the command line writes them too
AT_ONCE = 20  # entries


async def post_audit_regularly(client: Client) -> None:
    """Post every change, whoever made it, into the log channels; never returns.

    What was not posted when the bot stopped is posted when it starts again.
    """
    while True:
        await asyncio.sleep(LOOK)
        if not client.is_ready():
            continue
        try:
            while entries := await client.store.audit.unposted(AT_ONCE):
                for entry in entries:
                    await _tell(client, entry)
                    await client.store.audit.set_posted(entry.id, datetime.now(UTC))
        except DELIVERY_ERRORS as error:
            log.info("the audit log is posted later: %r", error)


async def _tell(client: Client, entry: Entry) -> None:
    """Post the entry into its channels, except those that refuse it; raises if trying again may help."""
    here = await client.store.quotas.log_channel(entry.guild_id) if entry.guild_id else None
    for channel_id in dict.fromkeys(filter(None, (here, client.config.discord.log_channel))):
        guild = client.get_guild(entry.guild_id) if entry.guild_id else None
        line = entry_line(speaker(str(guild.preferred_locale) if guild else "en-US"), entry)
        try:
            # Sent twice, after a restart at the wrong moment, it is one message because of its nonce.
            await client.get_partial_messageable(channel_id).send(line[:2000], nonce=f"audit-{entry.id}")
        except discord.HTTPException as error:
            if is_transient(error):
                raise
            log.warning("audit entry %d cannot be posted in channel %d: %s", entry.id, channel_id, error)
