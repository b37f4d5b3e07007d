"""A sign of life that another process can read: a file touched while the bot is connected."""

import asyncio
import logging
from pathlib import Path
from time import time

import discord

from bot.store import disk_trouble

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


def trouble(folder: Path) -> str:
    """A sentence if no bot on this folder was connected within the last minute, or its disk is full; else empty."""
    file = _file(folder)
    if not file.exists():
        return f"No bot on {folder} was ever connected; is another config.toml meant? (--config)"
    if (ago := time() - file.stat().st_mtime) >= DEAD_AFTER:
        return f"The bot on {folder} was last connected {ago / 60:.0f} minutes ago; its log says why."
    return disk_trouble(folder)
