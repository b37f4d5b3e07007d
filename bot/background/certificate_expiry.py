"""Warns of the end of the operator's own certificate, in the log and in their channel."""

import asyncio
import logging
from datetime import UTC, datetime

from bot.messages.content_credentials import ContentCredentials

log = logging.getLogger(__name__)

LOOK = 86400.0  # seconds between two looks


async def warn_of_end_regularly(credentials: ContentCredentials) -> None:
    """Say each day that the certificate ends within a month; never returns."""
    while True:
        if said := await asyncio.to_thread(credentials.ending, datetime.now(UTC)):
            log.warning("%s", said, extra={"tell": True})
        await asyncio.sleep(LOOK)
