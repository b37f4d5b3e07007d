"""Deletes old pictures and rows, and gives memory back, at intervals."""

import asyncio
import logging
from datetime import UTC, datetime

from bot.config import Config
from bot.errors import Unavailable
from bot.quota import day_of
from bot.store import Store, delete_old_copies
from generation import give_back

log = logging.getLogger(__name__)

CLEANING = 3600.0  # seconds between two looks for old pictures
TRIMMING = 60.0  # seconds between two times that freed memory is given back: thousands of pictures pass through a day


async def clean_regularly(store: Store, config: Config) -> None:
    """Delete what has been kept for as long as the configuration says; never returns."""
    while True:
        try:
            now = datetime.now(UTC)
            await store.usages.forget_spent(day_of(now, config.zone), now)
            await store.privacy.expire(now, config.storage.keep_requests_days, config.rules.keep_strikes_days)
            in_use = await store.in_use()
            count = await asyncio.to_thread(store.files.clean, now, config.storage.keep_days, in_use)
            await asyncio.to_thread(delete_old_copies, config.storage.folder, now)
            log.log(logging.INFO if count else logging.DEBUG, "deleted %d pictures that were kept long enough", count)
        except (OSError, Unavailable) as error:
            log.warning("old pictures could not be deleted: %s", error)
        await asyncio.sleep(CLEANING)


async def trim_regularly() -> None:
    """Give freed memory back to the system; never returns."""
    while True:
        await asyncio.sleep(TRIMMING)
        await asyncio.to_thread(give_back)
