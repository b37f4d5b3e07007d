"""Warns of the end of the operator's own certificate, in the log and in their channel."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from bot.messages.content_credentials import ContentCredentials
from generation.provenance import CertificateError

log = logging.getLogger(__name__)

LOOK = 86400.0  # seconds between two looks
WARNED_BEFORE = timedelta(days=30)  # that the certificate ends


async def warn_of_end_regularly(credentials: ContentCredentials) -> None:
    """Say each day that the certificate ends within a month; never returns."""
    while True:
        if said := await asyncio.to_thread(ending, credentials, datetime.now(UTC)):
            log.warning("%s", said, extra={"tell": True})
        await asyncio.sleep(LOOK)


def ending(credentials: ContentCredentials, now: datetime) -> str:
    """A sentence if the operator's own certificate ends within a month or cannot be read; else empty."""
    try:
        own = credentials.own
    except CertificateError as error:
        return f"provenance.c2pa: {error}"
    if own is None or own[1] - now > WARNED_BEFORE:
        return ""
    return (
        f"provenance.c2pa: {own[0]} ends on {own[1]:%Y-%m-%d}, and pictures leave unsigned from then on; get the next "
        "certificate and put it in its place"
    )
