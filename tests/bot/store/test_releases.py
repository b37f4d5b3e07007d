"""Files of earlier versions open, and keep what is in them.

At a release ``python -m tests.bot.store.test_releases VERSION`` writes released/VERSION.sql, which never changes again.
"""

import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database as Tables

from bot.config import Config
from bot.config.schema import Storage
from bot.store import Change, JobRow, State, Store
from bot.store.migrations import MIGRATIONS
from generation import Request, Sentence, Task
from tests.bot.factory import NOON

RELEASED = Path(__file__).parent / "released"
STEPS = [migration.name for migration in MIGRATIONS.pending(Tables(memory=True))]

Rows = dict[str, list[dict[str, Any]]]


def rows_of(path: Path) -> Rows:
    """All rows of all tables but the list of migrations."""
    with closing(sqlite3.connect(path)) as connection:
        tables = Tables(connection)
        return {name: list(tables[name].rows) for name in tables.table_names() if not name.startswith("_")}


@pytest.mark.parametrize("dump", sorted(RELEASED.glob("*.sql")), ids=lambda path: path.stem)
async def test_a_file_of_a_released_version_opens_and_keeps_its_rows(dump: Path, tmp_path: Path) -> None:
    """Each row of each table is there afterwards, with the values it had; the jobs can be read and go on."""
    config = Config(storage=Storage(folder=tmp_path))
    with closing(sqlite3.connect(tmp_path / "criar.db")) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    before = rows_of(tmp_path / "criar.db")
    assert all(before[name] for name in ("jobs", "pictures", "posts", "resets", "audit", "preferences", "styles"))
    store = Store(config)
    await store.open()
    unfinished = await store.jobs.undelivered()
    assert [[row.state for row in job.pictures] for job in unfinished] == [["finished", "running", "failed"]]
    assert unfinished[0].request.prompt == "a cat by the sea"
    await store.close()
    after = rows_of(tmp_path / "criar.db")
    for name, rows in before.items():
        kept = [{column: row[column] for column in old if column in row} for old, row in zip(rows, after[name])]  # noqa: B905
        assert kept == rows, name


@pytest.mark.parametrize("step", STEPS[1:])
async def test_a_file_from_before_any_step_is_brought_up_to_date(step: str, tmp_path: Path) -> None:
    """Whatever the last step that a file knows, its job comes back with its picture, and with the newer columns."""
    with closing(sqlite3.connect(tmp_path / "criar.db", isolation_level=None)) as connection:
        tables = Tables(connection)
        MIGRATIONS.apply(tables, stop_before=step)
        request = '{"task": "txt2img", "model": "criar-embedded", "prompt": "an old cat", "seed": 7, "images": []}'
        tables.table("jobs").insert(
            {"id": "00000000000a", "interaction_id": 7, "user_id": 1, "channel_id": 5, "locale": "en-US",
             "upload_limit": 9, "request": request, "created_at": NOON.timestamp()}
        )  # fmt: skip
        tables.table("pictures").insert(
            {"id": "00000000000a:0", "job_id": "00000000000a", "place": 0, "user_id": 1, "state": "running",
             "attempt": 1, "cost": 1, "day": "2026-11-24", "created_at": NOON.timestamp()}
        )  # fmt: skip
    store = Store(Config(storage=Storage(folder=tmp_path)))
    await store.open()
    (job,) = await store.jobs.undelivered()
    assert (job.request.prompt, [row.state for row in job.pictures], job.tries) == ("an old cat", [State.RUNNING], 0)
    await store.close()


async def write(version: str) -> None:
    """Make a file of this version with rows in it, and dump it."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Config(storage=Storage(folder=Path(folder))))
        await store.open()
        await _fill(store)
        await store.close()
        with closing(sqlite3.connect(Path(folder) / "criar.db")) as connection:
            (RELEASED / f"{version}.sql").write_text("\n".join(connection.iterdump()) + "\n", encoding="utf-8")


async def _fill(store: Store) -> None:
    for number, prompt in enumerate(("a red apple", "a cat by the sea")):
        request = Request(task=Task.TXT2IMG, model="criar-embedded", prompt=prompt, seed=7, count=3)
        job = await store.accept(
            JobRow(
                id=f"{number:012x}", interaction_id=10 + number, user_id=1, guild_id=9, channel_id=5, locale="pt-BR",
                upload_limit=10 * 2**20, request=request, token="a token", created_at=NOON,  # noqa: S106
            )
        )  # fmt: skip
        assert job
        first, second, third = (row.id for row in job.pictures)
        await store.jobs.finished(first, 1, 2.5)
        await store.jobs.started(second, 1)
        await store.jobs.failed(third, 1, Sentence("It broke: {why}.", {"why": "rust"}))
        await store.jobs.set_message(job.id, 5, 100 + number)
    await store.jobs.finished(f"{0:012x}:1", 1, 2.5)
    await store.jobs.set_delivered(f"{0:012x}", NOON + timedelta(minutes=1))
    await store.jobs.set_post(5, 200, f"{0:012x}:0")
    await store.jobs.postpone(f"{1:012x}", "503 Service Unavailable", NOON + timedelta(minutes=2))
    await store.quotas.set_limit(Change(actor_id=3, guild_id=9, user_id=1, at=NOON, by_operator=False), 30)
    await store.quotas.reset(Change(actor_id=3, guild_id=None, user_id=1, at=NOON, by_operator=True))
    await store.styles.save(1, "ink", "drawn with ink")
    await store.key_values.set("commands", "a digest")
    await store.preferences.change(1, language="pt-BR")


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1]))
