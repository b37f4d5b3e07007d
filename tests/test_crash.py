"""The crash benchmark's judgement: it finds what it is there to find, in real rows and real messages."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from benchmarks.crash import _compare, _Rig
from bot.config import load
from bot.store import JobRow, Store
from generation import Request, Sentence, Task
from sandbox import LocalDiscord

#: a job of one picture and one of two that were delivered, and one that failed, with a sentence
RIGHT = {
    "accepted": 4, "delivered": 3, "refunded": 1, "lost": 0, "doubled": 0, "announced_twice": 0, "quotas_wrong": 0,
    "orphans": 0, "orphans_were": [], "half_written": 0, "integrity": "ok",
}  # fmt: skip


class Aftermath:
    """What a bot has left behind: a database, a folder and messages, which a test may spoil."""

    def __init__(self, local: LocalDiscord, folder: Path, store: Store) -> None:
        self.rig = _Rig(local, folder)
        self.store = store
        self.jobs: list[JobRow] = []

    async def job(self, pictures: int, *, fails: bool = False) -> None:
        """Accept a job of ana's, end it and say so."""
        world = self.rig.local.world
        number = len(self.jobs) + 1
        row = JobRow(
            id=f"{number:012x}", interaction_id=number, user_id=world.members["ana"], guild_id=world.guild_id,
            channel_id=world.channel_id, locale="en-US", upload_limit=10 * 2**20, created_at=datetime.now(UTC),
            request=Request(task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", seed=7, count=pictures),
        )  # fmt: skip
        job = await self.store.accept(row)
        assert job
        self.jobs.append(job)
        for picture in job.pictures:
            if fails:
                await self.store.jobs.failed(picture.id, 1, Sentence("It broke."))
            else:
                await self.store.jobs.finished(picture.id, 1, 1.0)
        await self.store.jobs.set_delivered(job.id, datetime.now(UTC))
        await self.say(job, "It broke. It is not counted." if fails else "a cat", range(0 if fails else pictures))

    async def say(self, job: JobRow, content: str, places: range) -> None:
        """Post a job's message, as the bot does."""
        local = self.rig.local
        button = {"type": 2, "style": 4, "label": "Delete", "custom_id": f"job:delete:{job.id}"}
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field(
            "payload_json", json.dumps({"content": content, "components": [{"type": 1, "components": [button]}]})
        )
        for place in places:
            form.add_field(f"files[{place}]", b"a picture", filename=f"criar-{place + 1}-{7 + place}.png")
        headers = {"Authorization": f"Bot {local.token}"}
        url = f"{local.api}/channels/{local.world.channel_id}/messages"
        async with aiohttp.ClientSession(headers=headers) as session, session.post(url, data=form) as answer:
            assert answer.status == 200, await answer.text()

    def message(self, job: JobRow) -> Any:
        """A job's first message."""
        return next(m for m in self.rig.local.messages() if job.id in json.dumps(m.components))


@pytest.fixture
async def aftermath(tmp_path: Path) -> AsyncIterator[Aftermath]:
    async with LocalDiscord() as local:
        (tmp_path / "config.toml").write_text(f'[storage]\nfolder = "{tmp_path}/data"\n')
        store = Store(load(tmp_path / "config.toml"))
        await store.open()
        left = Aftermath(local, tmp_path, store)
        await left.job(1)
        await left.job(2)
        await left.job(1, fails=True)
        yield left
        await store.close()


async def lost(left: Aftermath) -> None:
    left.message(left.jobs[1]).attachments.pop()


async def lost_with_its_message(left: Aftermath) -> None:
    left.rig.local.world.backend.delete_message(left.rig.local.world.channel_id, left.message(left.jobs[0]).id)


async def given_back_in_silence(left: Aftermath) -> None:
    left.message(left.jobs[2]).content = "a cat"


async def doubled_in_a_message(left: Aftermath) -> None:
    message = left.message(left.jobs[0])
    message.attachments.append(message.attachments[0])


async def doubled_by_a_message(left: Aftermath) -> None:
    await left.say(left.jobs[0], "a cat", range(1))


async def announced_twice(left: Aftermath) -> None:
    await left.say(left.jobs[0], "a cat", range(0))


async def charged_for_nothing(left: Aftermath) -> None:
    job = left.jobs[2]
    await left.store.jobs._changes("UPDATE pictures SET state = 'finished' WHERE job_id = ?", job.id)


async def not_charged(left: Aftermath) -> None:
    await left.store.jobs.give_up(left.jobs[0].id, datetime.now(UTC), "They could not be delivered to you.")


async def a_half_written_file(left: Aftermath) -> None:
    (left.rig.folder / "data" / "pictures").mkdir(exist_ok=True)
    (left.rig.folder / "data" / "pictures" / "a.png.part").touch()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lost, {"delivered": 2, "lost": 1, "quotas_wrong": 1}),
        (lost_with_its_message, {"delivered": 2, "lost": 1, "quotas_wrong": 1}),
        (given_back_in_silence, {"refunded": 0, "lost": 1}),
        (doubled_in_a_message, {"doubled": 1}),
        (doubled_by_a_message, {"doubled": 1, "announced_twice": 1}),
        (announced_twice, {"announced_twice": 1}),
        (charged_for_nothing, {"refunded": 0, "lost": 1, "quotas_wrong": 1}),
        (not_charged, {"quotas_wrong": 1}),
        (a_half_written_file, {"half_written": 1}),
    ],
)
async def test_what_went_wrong_is_found(
    aftermath: Aftermath, spoil: Callable[[Aftermath], Awaitable[None]], says: dict[str, int]
) -> None:
    """A world in order is told as such; spoilt in one way, it is told by exactly the figures that stand for that."""
    assert await _compare(aftermath.rig) == RIGHT
    await spoil(aftermath)
    assert await _compare(aftermath.rig) == RIGHT | says


async def test_a_child_that_lives_is_named(aftermath: Aftermath, monkeypatch: pytest.MonkeyPatch) -> None:
    """An orphan is told with its command line; one that has ended, and whose id another may have, is none."""
    monkeypatch.setattr("benchmarks.crash.ENDING", 0.1)
    code = "import sys; sys.stdin.read()"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE)
    aftermath.rig.children[psutil.Process(child.pid)] = "the worker"
    assert await _compare(aftermath.rig) == RIGHT | {"orphans": 1, "orphans_were": [f"{child.pid}: the worker"]}
    await child.communicate(b"")
    assert await _compare(aftermath.rig) == RIGHT
