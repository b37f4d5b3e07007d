"""The bot ends when it is told to, whatever Discord does."""

import asyncio
import os
import signal
from pathlib import Path

import pytest
from discord.backoff import ExponentialBackoff
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.app import run
from bot.config import Config, Discord, Storage
from sandbox import LocalDiscord


@pytest.mark.slow
async def test_it_ends_though_discord_cannot_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told to stop between two tries to connect, which are minutes apart, the bot ends within seconds."""
    waits = asyncio.Event()

    def delay(_: object) -> float:
        waits.set()
        return 600.0

    monkeypatch.setattr(ExponentialBackoff, "delay", delay)
    # The bot changes them for its process, which here is that of all tests.
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    async with LocalDiscord() as local:
        config = Config(discord=Discord(api=local.api), storage=Storage(folder=tmp_path / "data"))
        running = asyncio.create_task(run(config, local.token))
        await local.connected()
    await asyncio.wait_for(waits.wait(), 30)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 40)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)
