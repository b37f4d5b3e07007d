"""Bans that another process set, such as the command line, are carried out here too."""

import asyncio
import logging

from bot.client import Client
from bot.errors import Unavailable

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between two looks


async def enforce_bans_regularly(client: Client) -> None:
    """Withdraw what members have waiting who were banned elsewhere; never returns."""
    while True:
        await asyncio.sleep(LOOK)
        try:
            await client.manager.enforce_bans()
        except Unavailable as error:
            log.warning("bans cannot be read just now: %s", error)
