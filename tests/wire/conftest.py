"""A local Discord in this process, and the real bot as a process of its own, with the embedded model."""

from collections.abc import AsyncIterator

import pytest

from sandbox import LocalDiscord

from .bot import SETTINGS, Bot, running


@pytest.fixture(scope="session")
async def pair(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[LocalDiscord, Bot]]:
    """One local Discord and one bot for all tests that leave both as they were; with images enough for all."""
    async with running(tmp_path_factory.mktemp("bot"), SETTINGS) as both:
        yield both


@pytest.fixture
async def local(pair: tuple[LocalDiscord, Bot]) -> LocalDiscord:
    return pair[0]


@pytest.fixture
async def bot(pair: tuple[LocalDiscord, Bot]) -> Bot:
    return pair[1]
