"""The real bot in another process, beside a local Discord in this one."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from sandbox import LocalDiscord
from sandbox.rest import Call
from tests.openapi import check_bodies

HEARTBEAT = 500  # milliseconds between two, so often that one is late when the bot's loop is blocked for a second


class Bot:
    """The bot's process on a data folder; it may be killed and started again."""

    def __init__(self, local: LocalDiscord, folder: Path) -> None:
        self.local = local
        self.folder = folder
        self.config = folder / "config.toml"
        self.log = folder / "bot.log"
        self.settings = ""
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.config.write_text(
            f'[discord]\napi = "{self.local.api}"\noperators = [{self.local.world.members["olga"]}]\n'
            f'[storage]\nfolder = "{self.folder / "data"}"\n{self.settings}'
        )
        with self.log.open("ab") as log:
            self.process = await self.launch(log)
        await self.local.connected()

    async def launch(self, log: IO[bytes]) -> asyncio.subprocess.Process:
        """Start the process with the configuration as it stands."""
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "run", "--config", str(self.config),
            env={**os.environ, "DISCORD_TOKEN": self.local.token}, stderr=log,
        )  # fmt: skip

    async def stop(self, seconds: float = 40) -> int:
        assert self.process
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), seconds)

    async def kill(self) -> None:
        assert self.process
        self.process.kill()
        await self.process.wait()
        await self.local.wait_for(lambda: not self.local.gateway.connected)


#: the output filter now and then takes what the small model draws in two steps for something else
UNFILTERED = "[filter]\nstrict = {}\n"
#: enough for all tests that share a bot
SETTINGS = f"[plans.free]\nimages_per_day = 500\n[flooding]\nmember_commands = 1000\n{UNFILTERED}"


def check_mentions(calls: Iterable[Call]) -> None:
    """Whatever the bot says pings nobody, but for the words that pictures are ready, which ping their member only."""
    for call in calls:
        for body in (call.body, (call.body or {}).get("data")) if isinstance(call.body, dict) else ():
            if isinstance(body, dict) and body.get("content"):
                allowed = body.get("allowed_mentions") or {}
                assert allowed.get("parse") == [], (call.method, call.path, body["content"][:60])
                ready = [user for user in allowed.get("users") or () if body["content"].startswith(f"<@{user}> ")]
                assert (allowed.get("users") or []) == ready[:1], call.path
                assert not allowed.get("roles"), call.path


@asynccontextmanager
async def running(folder: Path, settings: str = UNFILTERED, shards: int = 1) -> AsyncIterator[tuple[LocalDiscord, Bot]]:
    async with LocalDiscord(shards=shards, max_concurrency=shards) as local:
        local.gateway.interval = HEARTBEAT
        bot = Bot(local, folder)
        bot.settings = settings
        await bot.start()
        try:
            yield local, bot
        finally:
            if bot.process and bot.process.returncode is None:
                await bot.stop()
    check_bodies(local.rest.calls)
    check_mentions(local.rest.calls)


def worker(bot: Bot) -> psutil.Process:
    """The child that makes pictures."""
    assert bot.process
    return max(psutil.Process(bot.process.pid).children(), key=lambda child: child.memory_info().rss)


@contextmanager
def held(bot: Bot) -> Iterator[None]:
    """Nothing is made in the meantime."""
    child = worker(bot)
    child.suspend()
    try:
        yield
    finally:
        with suppress(psutil.NoSuchProcess):
            child.resume()
