"""The bot ends when it is told to, whatever Discord does."""

import asyncio
import faulthandler
import os
import signal
from asyncio.subprocess import Process
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from discord.backoff import ExponentialBackoff
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.app import LAST_RESORT, run
from bot.config import Config
from bot.config.schema import Discord, Storage
from sandbox import LocalDiscord

from .bot import UNFILTERED, Bot, running
from .commands import BAR, delivered, done, press, slash

FINISH, MORE = 1.0, 20.0  # seconds: what the operator allows, and what else an end may take on a busy machine


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
        bot = asyncio.create_task(run(config, local.token))
        await local.connected()
    await asyncio.wait_for(waits.wait(), 200)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(bot, 40)
    faulthandler.cancel_dump_traceback_later()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().remove_signal_handler(number)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["refuses", "hangs", "accepts and hangs"])
async def test_it_ends_though_discord_is_taken_away_in_the_middle(tmp_path: Path, how: str) -> None:
    """SIGTERM while pictures are made and shown ends the bot in time and with 0, also where Discord never answers."""
    async with AsyncExitStack() as stack:
        async with LocalDiscord() as local:
            bot = Bot(local, tmp_path)
            bot.settings = f"[generation]\nfinish_seconds = {FINISH}\n{UNFILTERED}"
            await bot.start()
            assert bot.process
            stack.callback(_kill, bot.process)
            await done(local, slash(local, "txt2img", prompt="to begin with", num_inference_steps=2))
            asked = slash(local, "txt2img", prompt="the last cat", count=4, num_inference_steps=100)
            await local.wait_for(lambda: BAR in asked.content, 200)
            if how == "hangs":
                before, local.rest.latency = len(local.rest.carried_out), 3600.0
                async with asyncio.timeout(30):
                    while len(local.rest.carried_out) == before:  # noqa: ASYNC110 - only an answer makes an event
                        await asyncio.sleep(0.05)
                for session in local.gateway.sessions.values():
                    assert session.socket
                    assert session.socket._req
                    assert session.socket._req.transport
                    session.socket._req.transport.pause_reading()
                assert await bot.stop(FINISH + MORE) == 0
        if how == "accepts and hangs":
            reached = asyncio.Event()
            await stack.enter_async_context(await _silence(URL(local.api), reached))
            await asyncio.wait_for(reached.wait(), 200)
        if how != "hangs":
            assert await bot.stop(FINISH + MORE) == 0


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()


@pytest.mark.slow
async def test_it_ends_though_a_disk_never_answers(tmp_path: Path) -> None:
    """A thread that waits for a file for ever does not keep the bot from ending, and the log says where it stood."""
    async with running(tmp_path, f"[generation]\nfinish_seconds = {FINISH}\n{UNFILTERED}") as (local, bot):
        await done(local, slash(local, "txt2img", prompt="a cat on a broken disk", num_inference_steps=2, count=2))
        pictures = list((tmp_path / "data" / "pictures").iterdir())
        for path in pictures:
            path.unlink()
            os.mkfifo(path)
        gallery = delivered(local, "a cat on a broken disk")
        await local.acknowledged(await press(local, local.world.members["ana"], gallery, "Take 1"))
        assert await bot.stop(FINISH + LAST_RESORT + MORE) == 1
        assert "Timeout" in bot.log.read_text()


async def _silence(address: URL, reached: asyncio.Event) -> asyncio.Server:
    """Something that accepts connections and says nothing."""

    def accepted(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        reached.set()

    return await asyncio.start_server(accepted, address.host, address.port)
