"""A local Discord in this process, and the real bot as a process of its own, with the embedded model."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox import LocalDiscord

from .bot import SETTINGS, Bot, running


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
