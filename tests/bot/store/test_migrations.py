"""A database of an older version is brought up to date with all that it holds."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database as Tables

from bot.config import Config
from bot.config.schema import Storage
from bot.quota import Person
from bot.store import Store, delete_old_copies
from bot.store.migrations import MIGRATIONS
from tests.bot.factory import NOON

#: what the first released tables could hold: two images of a job in a server, an admin's limit and its entry
BEFORE = """
INSERT INTO jobs (id, interaction_id, user_id, guild_id, channel_id, locale, upload_limit, request, created_at)
    VALUES ('00000000000a', 1, 5, 9, 3, 'en-US', 100, '{"task": "txt2img", "model": "m", "images": [], "count": 2}', 0);
INSERT INTO pictures (id, job_id, place, user_id, state, attempt, cost, day, created_at)
    VALUES ('00000000000a:0', '00000000000a', 0, 5, 'finished', 1, 1, '2026-11-24', 1),
           ('00000000000a:1', '00000000000a', 1, 5, 'waiting', 1, 1, '2026-11-24', 1);
INSERT INTO limits VALUES (5, 9, 12);
INSERT INTO audit (created_at, actor_id, guild_id, action, user_id, detail) VALUES (1, 7, 9, 'set', 5, '12');
"""


@pytest.fixture
def old(tmp_path: Path) -> Config:
    folder = tmp_path / "data"
    folder.mkdir()
    tables = Tables(folder / "criar.db")
    MIGRATIONS.apply(tables, stop_before="outbox")
    tables.executescript(BEFORE)
    tables.close()
    return Config(storage=Storage(folder=folder))


async def test_nothing_is_lost_on_the_way_to_the_present_tables(old: Config) -> None:
    """Usage, limits and the audit are what they were, and the old images count for their server, too."""
    store = Store(old)
    await store.open()
    allowed = await store.allowance(Person(user_id=5, guild_id=9), NOON + timedelta(hours=1))
    assert (allowed.limit, allowed.used, allowed.left) == (12, 2, 10)
    (entry,) = await store.audit.page(9, None, 10)
    assert (entry.actor_id, entry.action, entry.user_id, entry.detail, entry.reason) == (7, "set", 5, "12", "")
    assert await store.audit.unposted(10) == []
    assert [row.state for job in await store.jobs.undelivered() for row in job.pictures] == ["finished", "waiting"]
    used = await store.usages.report(9, "2026-11-24")
    assert [(row.user_id, row.images) for row in used] == [(5, 2)]
    await store.close()


def test_a_step_that_breaks_off_leaves_nothing(old: Config) -> None:
    """A step is one transaction, so that the next start finds either all of it or none."""
    tables = Tables(old.storage.folder / "criar.db")
    tables.execute("CREATE TABLE log_channels (x)")  # in the way of a later part of the step
    with pytest.raises(Exception, match="log_channels"):
        MIGRATIONS.apply(tables)
    assert "grants" not in tables.table_names()
    tables.execute("DROP TABLE log_channels")
    MIGRATIONS.apply(tables)
    assert "grants" in tables.table_names()
    tables.close()


async def test_the_file_of_before_is_kept(old: Config) -> None:
    """An upgrade leaves a copy as the older version knows it; an up-to-date database is not copied."""
    for _ in range(2):
        store = Store(old)
        await store.open()
        await store.close()
    (copy,) = old.storage.folder.glob("criar.db.before-*")
    tables = Tables(copy)
    assert "grants" not in tables.table_names()
    assert tables["limits"].count == 1
    tables.close()


def test_the_file_of_before_goes_after_a_week(tmp_path: Path) -> None:
    """It holds what members have deleted since; the database itself and fresh copies stay."""
    for name in ("criar.db", "criar.db.before-20261101-120000"):
        (tmp_path / name).touch()
    delete_old_copies(tmp_path, datetime.now(UTC) + timedelta(days=6))
    assert len(list(tmp_path.iterdir())) == 2
    delete_old_copies(tmp_path, datetime.now(UTC) + timedelta(days=8))
    assert [path.name for path in tmp_path.iterdir()] == ["criar.db"]
