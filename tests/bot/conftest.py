"""A real store in a folder of its own, and requests to put into it."""

from collections.abc import AsyncIterator
from datetime import datetime
from itertools import count
from pathlib import Path

import pytest

from bot.config import Config
from bot.config.schema import Storage
from bot.store import JobRow, Store
from generation import Inspector, Request, Task
from tests.bot.factory import NOON, MakeJob


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(storage=Storage(folder=tmp_path / "data"))


@pytest.fixture
async def store(config: Config) -> AsyncIterator[Store]:
    store = Store(config)
    await store.open()
    yield store
    await store.close()


@pytest.fixture(scope="session")
async def inspector() -> AsyncIterator[Inspector]:
    """What looks at pictures, for all tests that leave it as it was: its process takes a second to start."""
    inspector = Inspector(seconds=60)
    yield inspector
    await inspector.close()


@pytest.fixture
def make_job() -> MakeJob:
    numbers = count(1)

    def make(
        user_id: int = 1, pictures: int = 1, at: datetime = NOON, guild_id: int = 9, interaction_id: int = 0
    ) -> JobRow:
        number = next(numbers)
        return JobRow(
            id=f"{number:012x}",
            interaction_id=interaction_id or 1000 + number,
            user_id=user_id,
            guild_id=guild_id,
            channel_id=5,
            locale="en-US",
            upload_limit=10 * 2**20,
            request=Request(task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", seed=7, count=pictures),
            created_at=at,
        )

    return make
