"""A sign of life that another process can read: a file touched while the bot is connected."""

import asyncio
import logging
from pathlib import Path
from time import time

import discord

log = logging.getLogger(__name__)

BEAT = 10.0  # seconds
DEAD_AFTER = 60.0  # seconds without a beat


def _file(folder: Path) -> Path:
    return folder / "alive"


async def beat(client: discord.Client, folder: Path) -> None:
    """Touch the file while the gateway is connected; never returns."""
    while True:
        if client.is_ready() and not client.is_closed():
            try:
                await asyncio.to_thread(_file(folder).touch)
            except OSError as error:
                log.warning("the sign of life cannot be written: %s", error)
        await asyncio.sleep(BEAT)


def alive(folder: Path) -> bool:
    """Whether a bot on this folder was connected within the last minute."""
    file = _file(folder)
    return file.exists() and time() - file.stat().st_mtime < DEAD_AFTER
