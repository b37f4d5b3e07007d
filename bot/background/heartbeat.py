"""Signs of life that another process can read: a file touched while the bot is connected, one of what keeps it idle."""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path
from time import time

import discord

from bot.store import disk_trouble
from generation import Service

log = logging.getLogger(__name__)

BEAT = 10.0  # seconds
LOOK = 1.0  # seconds between two looks at whether it is connected, while it is not
DEAD_AFTER = 60.0  # seconds without a beat


def _file(folder: Path) -> Path:
    return folder / "alive"


async def beat(client: discord.Client, folder: Path) -> None:
    """Touch the file while the gateway is connected; never returns."""
    while True:
        if connected := client.is_ready() and not client.is_closed():
            try:
                await asyncio.to_thread(_file(folder).touch)
            except OSError as error:
                log.warning("the sign of life cannot be written: %s", error)
        await asyncio.sleep(BEAT if connected else LOOK)


async def keep_device_trouble(service: Service, folder: Path) -> None:
    """Keep in a file why no pictures can be made, while that is so; never returns."""
    while True:
        service.trouble_changed.clear()
        said = "" if service.can_make() else "\n".join(str(sentence) for sentence in service.trouble())
        try:
            await asyncio.to_thread(_keep, _trouble_file(folder), said)
        except OSError as error:
            log.warning("it cannot be written for other processes that no pictures can be made: %s", error)
        await service.trouble_changed.wait()


def _trouble_file(folder: Path) -> Path:
    return folder / "cannot-make-pictures"


def _keep(file: Path, text: str) -> None:
    if text:
        file.write_text(text)
    else:
        file.unlink(missing_ok=True)


def trouble(folder: Path) -> str:
    """Say what keeps the bot on this folder from its work; empty if nothing does.

    It was not connected within the last minute, its disk is full, or none of its devices works.
    """
    file = _file(folder)
    if not file.exists():
        return f"No bot on {folder} was ever connected; is another config.toml meant? (--config)"
    if (ago := time() - file.stat().st_mtime) >= DEAD_AFTER:
        return f"The bot on {folder} was last connected {ago / 60:.0f} minutes ago; its log says why."
    if full := disk_trouble(folder):
        return full
    with suppress(FileNotFoundError):
        return _trouble_file(folder).read_text()
    return ""
