"""What the bot does from time to time goes on, whatever happened to it once."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import discord
import psutil
import pytest

from bot.background import audit_feed, cleanup, erasure, heartbeat
from bot.background.audit_feed import post_audit_regularly
from bot.background.cleanup import trim_regularly
from bot.background.erasure import erase_regularly
from bot.background.heartbeat import beat, keep_device_trouble, trouble
from bot.config import Config
from bot.config.schema import Discord
from bot.store import Action, Change, Store, database
from generation import give_back
from tests.bot.factory import NOON, MakeJob


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_feed, "LOOK", 0.01)
    monkeypatch.setattr(erasure, "LOOK", 0.01)
    monkeypatch.setattr(heartbeat, "BEAT", 0.01)
    monkeypatch.setattr(cleanup, "TRIMMING", 0.01)
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)


def answer(status: int) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="")
    return discord.HTTPException(response, None)


class Client:
    """Stands for a client of Discord's, which has trouble three times, and refuses the second thing for good."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.config = config.model_copy(update={"discord": Discord(log_channel=7)})
        self.trouble: list[Exception] = [discord.RateLimited(60.0), aiohttp.ServerDisconnectedError(), answer(503)]
        #: numbers of entries that were sent, and of messages that were deleted
        self.done = asyncio.Queue[int]()
        self.asked = asyncio.Event()

    def is_ready(self) -> bool:
        self.asked.set()
        return True

    def is_closed(self) -> bool:
        return False

    def get_partial_messageable(self, _: int) -> "Client":
        return self

    def get_partial_message(self, message_id: int) -> Any:
        return SimpleNamespace(delete=lambda: self._carry_out(message_id))

    async def send(self, _: str, nonce: str) -> None:
        await self._carry_out(int(nonce.removeprefix("audit-")))

    async def _carry_out(self, number: int) -> None:
        if self.trouble:
            raise self.trouble.pop()
        if number == 2:
            raise answer(400)
        self.done.put_nowait(number)


@asynccontextmanager
async def going_on(chore: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(chore)
    async with asyncio.timeout(30):
        yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def _all_is_done(client: Client, chore: Coroutine[Any, Any, None]) -> None:
    """The first is done until that can be noted in the database, which another process holds; then the others are."""
    other = sqlite3.connect(client.config.storage.folder / "criar.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with going_on(chore):
        assert [await client.done.get() for _ in range(2)] == [1, 1]
        other.execute("ROLLBACK")
        while await client.done.get() != 3:
            pass
    other.close()


async def test_log_channels_are_told_whatever_went_wrong_once(store: Store, config: Config) -> None:
    """Neither Discord, the network nor the database ends it, and an entry that is refused holds up no other."""
    for _ in range(3):
        change = Change(actor_id=0, guild_id=None, user_id=1, at=NOON, by_operator=True)
        await store.audit.add(change, Action.BAN, "")
    client: Any = Client(store, config)
    await _all_is_done(client, post_audit_regularly(client))


async def test_a_backlog_of_the_audit_log_is_posted_at_one_look(
    store: Store, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many changes in a moment do not hold up those that come after them."""
    monkeypatch.setattr(audit_feed, "AT_ONCE", 1)
    for _ in range(4):
        change = Change(actor_id=0, guild_id=None, user_id=1, at=NOON, by_operator=True)
        await store.audit.add(change, Action.BAN, "")
    client: Any = Client(store, config)
    client.trouble, looks = [], iter([True])
    client.is_ready = lambda: next(looks, False)
    async with going_on(post_audit_regularly(client)):
        assert [await client.done.get() for _ in range(3)] == [1, 3, 4]


async def test_messages_are_taken_away_whatever_went_wrong_once(
    store: Store, config: Config, make_job: MakeJob
) -> None:
    """Neither Discord, the network nor the database ends it, and a message that must stay holds up no other."""
    for message_id in (1, 2, 3):
        job = await store.accept(make_job())
        assert job
        await store.jobs.set_message(job.id, 5, message_id)
    await store.forget(1, NOON)
    client: Any = Client(store, config)
    await _all_is_done(client, erase_regularly(client))


async def test_signs_of_life_go_on_when_the_disk_does(store: Store, config: Config, tmp_path: Path) -> None:
    """Where the sign of life could not be written for a while, it is written again afterwards."""
    client: Any = Client(store, config)
    folder = tmp_path / "mounted later"
    async with going_on(beat(client, folder)):
        await _twice(client.asked)
        folder.mkdir()
        await _twice(client.asked)
        assert not trouble(folder)


class Devices:
    """Stands for a service whose devices do not work at first."""

    def __init__(self) -> None:
        self.trouble_changed = asyncio.Event()
        self.reasons = ["No pictures can be made on cuda:0: no such card"]

    def can_make(self) -> bool:
        return not self.reasons

    def trouble(self) -> list[str]:
        return self.reasons


async def test_health_fails_while_no_device_works(store: Store, config: Config, tmp_path: Path) -> None:
    """Other processes read the reason, and nothing once a device works; what a dead bot left counts for nothing."""
    client: Any = Client(store, config)
    devices: Any = Devices()
    async with going_on(beat(client, tmp_path)), going_on(keep_device_trouble(devices, tmp_path)):
        await _until(lambda: "no such card" in trouble(tmp_path))
        devices.reasons = []
        devices.trouble_changed.set()
        await _until(lambda: not trouble(tmp_path))
        devices.reasons = ["broken"]
        devices.trouble_changed.set()
        await _until(lambda: trouble(tmp_path) == "broken")
    works: Any = Devices()
    works.reasons = []
    async with going_on(keep_device_trouble(works, tmp_path)):
        await _until(lambda: not trouble(tmp_path))


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - what files say makes no event
            await asyncio.sleep(0.01)


async def _twice(event: asyncio.Event) -> None:
    """Between two beats, the first has come to its end."""
    for _ in range(2):
        event.clear()
        await event.wait()


async def test_freed_memory_goes_back_to_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what lies below something that is still in use, without anybody's doing."""
    loop, trimmed = asyncio.get_running_loop(), asyncio.Event()

    def trim() -> None:
        give_back()
        loop.call_soon_threadsafe(trimmed.set)

    monkeypatch.setattr(cleanup, "give_back", trim)
    blocks = [bytearray(2**16) for _ in range(2**11)]  # 128 MiB in pieces that the heap keeps
    last, before = blocks[-1], psutil.Process().memory_info().rss
    del blocks
    chore = asyncio.create_task(trim_regularly())
    await asyncio.wait_for(trimmed.wait(), 30)
    chore.cancel()
    assert last is not None
    assert before - psutil.Process().memory_info().rss > 100 * 2**20
