"""A local Discord in this process, and the real bot as a process of its own, with the embedded model."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from pytest_asyncio import is_async_test

from sandbox import LocalDiscord
from sandbox.rest import Call
from tests.openapi import check_bodies


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share one loop, since they share a Discord."""
    for item in items:
        if is_async_test(item) and "wire" in str(item.path):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


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
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", "--config", str(self.config),
                env={**os.environ, "DISCORD_TOKEN": self.local.token}, stderr=log,
            )  # fmt: skip
        await self.local.connected()

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
    """Whatever the bot says, nobody is pinged by it: each body with content allows no mention at all."""
    for call in calls:
        for body in (call.body, (call.body or {}).get("data")) if isinstance(call.body, dict) else ():
            if isinstance(body, dict) and body.get("content"):
                allowed = body.get("allowed_mentions") or {}
                assert allowed.get("parse") == [], (call.method, call.path, body["content"][:60])
                assert not allowed.get("users"), call.path
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[LocalDiscord, Bot]]:
    """One local Discord and one bot for all tests that leave both as they were; with images enough for all."""
    async with running(tmp_path_factory.mktemp("bot"), SETTINGS) as both:
        yield both


@pytest_asyncio.fixture(loop_scope="session")
async def local(pair: tuple[LocalDiscord, Bot]) -> LocalDiscord:
    return pair[0]


@pytest_asyncio.fixture(loop_scope="session")
async def bot(pair: tuple[LocalDiscord, Bot]) -> Bot:
    return pair[1]
