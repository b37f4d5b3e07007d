"""What the machine does to the bot: a full disk, a database that another process holds, a wrong clock."""

import asyncio
import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest

from bot.config import Config
from bot.config.schema import Storage
from bot.errors import ConfigError, Unavailable
from bot.jobs import delivery, events, manager, outbox
from bot.quota import Person
from bot.store import JobRow, Store, copy_database, database, only_bot
from generation import Event
from sandbox import Fault
from tests.bot.factory import NOON, MakeJob

from .stage import Stage, cancelled, died, finished, gone_wrong

MIB = 2**20
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts file systems")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)], check=True)  # noqa: S607
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)  # noqa: S607


async def accept_many(store: Store, make_job: MakeJob) -> None:
    for _ in range(20):
        await store.accept(make_job())


@needs_root
async def test_a_full_disk_refuses_with_a_sentence_and_harms_nothing(small_disk: Path, make_job: MakeJob) -> None:
    """Neither a request nor a picture is half written; when there is room again, both are taken."""
    store = Store(Config(storage=Storage(folder=small_disk)))
    await store.open()
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with pytest.raises(Unavailable, match="cannot write to my disk"):
        await accept_many(store, make_job)
    with pytest.raises(Unavailable):
        store.files.keep_picture("some:0", b"x" * 100_000)
    assert not list(store.files.pictures.iterdir())
    filler.unlink()
    assert await store.accept(make_job())
    store.files.keep_picture("some:0", b"x" * 100_000)
    await store.close()
    with sqlite3.connect(small_disk / "criar.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@needs_root
def test_a_read_only_disk_is_said_in_one_sentence(small_disk: Path) -> None:
    """The bot does not start there, and says which folder it is."""
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)  # noqa: S607
    with pytest.raises(ConfigError, match=r"storage\.folder: .*small cannot be written"), only_bot(small_disk):
        pass


async def test_what_was_made_waits_for_the_disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A picture that cannot be written is kept in memory and tried again until it can: it is delivered once."""
    monkeypatch.setattr(events, "FIRST_PAUSE", 0.05)
    job, pictures = await stage.ask(), stage.store.files.pictures
    gone = pictures.rename(pictures.with_name("elsewhere"))
    happening = asyncio.create_task(stage.hands.happen(finished(job)))
    done, _ = await asyncio.wait([happening], timeout=0.3)
    assert not done
    gone.rename(pictures)
    await happening
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1


@contextmanager
def unreadable_after_a_change(store: Store) -> Iterator[asyncio.Event]:
    """The next change of the database is the last thing that works there, to the end; set when a read failed."""
    database, failed, changed = store._database, asyncio.Event(), asyncio.Event()
    read, write = database.read, database.write

    async def look(query: Any) -> Any:
        if changed.is_set():
            failed.set()
            raise Unavailable
        return await read(query)

    async def change(what: Any) -> Any:
        result = await write(what)
        changed.set()
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "read", look)
        patch.setattr(database, "write", change)
        yield failed


@pytest.mark.parametrize("ending", [finished, gone_wrong, cancelled, None])
async def test_an_end_is_told_though_the_database_cannot_be_read_right_after_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, ending: Callable[[JobRow], Event] | None
) -> None:
    """Finished, failed or cancelled, by the worker or by the member: committed is not yet delivered."""
    monkeypatch.setattr(events, "FIRST_PAUSE", 0.05)
    job = await stage.ask()
    with unreadable_after_a_change(stage.store) as failed:
        happening = asyncio.create_task(stage.hands.happen(ending(job)) if ending else stage.manager.cancel(job))
        await asyncio.wait_for(failed.wait(), 30)
    await happening
    (message,) = await asyncio.wait_for(stage.delivered(job), 30)
    assert "on its way" not in message.content


async def test_a_picture_whose_worker_died_is_made_again_though_the_database_cannot_be_read_then(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second attempt is queued once, when it can be read what it is."""
    monkeypatch.setattr(events, "FIRST_PAUSE", 0.05)
    job = await stage.ask()
    with unreadable_after_a_change(stage.store) as failed:
        happening = asyncio.create_task(stage.hands.happen(died(job)))
        await asyncio.wait_for(failed.wait(), 30)
    await happening
    assert [picture.attempt for picture in stage.hands.submitted] == [1, 2]


async def test_a_delivery_is_tried_again_though_the_database_cannot_be_read_in_between(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two tries the job is read again; if that fails, it is one more transient error."""
    monkeypatch.setattr(outbox, "PASSING", (0.05, 1.0))
    job = await stage.ask()
    await stage.fail_delivery(job)
    await stage.hands.happen(finished(job))
    with unreadable_after_a_change(stage.store) as failed:
        await asyncio.wait_for(failed.wait(), 30)
    (message,) = await asyncio.wait_for(stage.delivered(job), 30)
    assert len(message.attachments) == 1


async def test_a_file_that_is_gone_is_noticed_again_where_that_could_not_be_written_down(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The picture is made again when the database takes it, not after the next start."""
    monkeypatch.setattr(outbox, "PASSING", (0.05, 1.0))
    job = await stage.ask()
    await stage.fail_delivery(job)
    await stage.hands.happen(finished(job))
    stage.store.files.picture(f"{job.id}:0").unlink()
    other = sqlite3.connect(stage.store.files.pictures.parent / "criar.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    async with asyncio.timeout(30):
        while caplog.text.count("they are made again") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        other.execute("ROLLBACK")
        other.close()
        while len(stage.hands.submitted) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_an_accepted_request_is_queued_though_the_database_cannot_be_read_then(stage: Stage) -> None:
    """What is reserved and charged is made, and its member is not told that it could not be written."""
    with unreadable_after_a_change(stage.store):
        await stage.manager.submit(stage.requester(), stage.built())
    assert len(stage.hands.submitted) == 1


async def test_a_database_held_by_another_process_holds_up_only_what_writes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meanwhile requests are refused with a sentence, reading goes on at once, and what was made waits."""
    monkeypatch.setattr(events, "FIRST_PAUSE", 0.05)
    job = await stage.ask()
    path = stage.store.files.pictures.parent / "criar.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    refused = asyncio.create_task(stage.manager.submit(stage.requester(1), stage.built()))
    happening = asyncio.create_task(stage.hands.happen(finished(job)))
    async with asyncio.timeout(2):
        assert (await stage.now(job)).message_id
    with pytest.raises(Unavailable):
        await refused
    other.execute("ROLLBACK")
    other.close()
    await happening
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody here waits ten seconds for a lock."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)


class Clock(datetime):
    """The time, set forward or back."""

    shift = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.shift


@pytest.mark.parametrize("days", [1, -1])
async def test_a_clock_that_is_set_over_midnight_loses_and_doubles_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, days: int
) -> None:
    """A job goes on over the change; each day counts what was asked for on it, also when the clock is set right."""
    for module in (manager, outbox, delivery):
        monkeypatch.setattr(module, "datetime", Clock)
    before = await stage.ask(1)
    Clock.shift = timedelta(days=days)
    try:
        during = await stage.ask(2, pictures=2)
        await stage.hands.happen(finished(before), *(finished(during, place=place) for place in range(2)))
        await stage.delivered(before)
        await stage.delivered(during)
        person = Person(user_id=stage.local.world.members["ana"], guild_id=stage.local.world.guild_id)
        assert (await stage.store.allowance(person, Clock.now(NOON.tzinfo))).used == 2
    finally:
        Clock.shift = timedelta()
    assert await stage.used() == 1
    pictures = [len(message.attachments) for message in stage.local.messages() if message.attachments]
    assert sorted(pictures) == [1, 2]  # and a ping, if the clock made the wait seem long


@pytest.fixture
def a_week_later(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """All that waits for its delivery is older than it is kept."""
    monkeypatch.setattr(outbox, "datetime", Clock)
    Clock.shift = timedelta(days=8)
    yield
    Clock.shift = timedelta()


@pytest.mark.usefixtures("a_week_later")
async def test_nothing_is_given_back_at_the_first_trouble_after_a_week(stage: Stage) -> None:
    """After a long downtime, or with a clock set forward, what is too old is tried for half a day all the same."""
    job = await stage.ask()
    await stage.fail_delivery(job)
    await stage.hands.happen(finished(job))
    (message,) = await stage.delivered(job)
    assert len(message.attachments) == 1


@pytest.mark.usefixtures("a_week_later")
async def test_what_could_not_be_delivered_for_a_week_is_given_back_with_words(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the channel takes no files and the member no direct messages, the message says so; nothing is charged."""
    monkeypatch.setattr(outbox, "TRIED", 0.0)
    job = await stage.ask()
    await stage.fail_delivery(job, 403)
    stage.local.fail(Fault(method="POST", path="/users/@me/channels", status=403))
    await stage.hands.happen(finished(job))
    await stage.local.wait_for(lambda: any("could not be" in message.content for message in stage.local.messages()))
    (message,) = stage.local.messages()
    assert not message.attachments
    assert await stage.used() == 0


def test_a_second_bot_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    """The sentence names the first one's process; when that has ended, the folder is free."""
    with (
        only_bot(tmp_path),
        pytest.raises(ConfigError, match=rf"another bot \(process {os.getpid()}\) runs on"),
        only_bot(tmp_path),
    ):
        pass
    with only_bot(tmp_path):
        pass


async def test_a_backup_is_whole_though_the_bot_writes(store: Store, make_job: MakeJob, tmp_path: Path) -> None:
    """Copied between two requests of many, it holds every request whole, and nothing after it."""
    writing = asyncio.gather(*(store.accept(make_job(user_id=user, pictures=4)) for user in range(40)))
    await asyncio.to_thread(copy_database, tmp_path / "data", tmp_path / "copy.db")
    await writing
    with sqlite3.connect(tmp_path / "copy.db") as copy:
        (jobs,) = copy.execute("SELECT count(*) FROM jobs").fetchone()
        assert copy.execute("SELECT count(*) FROM pictures").fetchone() == (4 * jobs,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert len(await store.jobs.undelivered()) == 40


def test_a_backup_overwrites_nothing(tmp_path: Path) -> None:
    """A file that exists, and a folder without a database, are refused with a sentence."""
    with pytest.raises(ConfigError, match="there is no database"):
        copy_database(tmp_path, tmp_path / "copy.db")
    (tmp_path / "criar.db").touch()
    (tmp_path / "copy.db").write_text("precious")
    with pytest.raises(ConfigError, match="it exists already"):
        copy_database(tmp_path, tmp_path / "copy.db")
    assert (tmp_path / "copy.db").read_text() == "precious"


async def test_what_a_killed_bot_left_half_written_is_swept(store: Store) -> None:
    """Only the halves go."""
    store.files.keep_picture("some:0", b"whole")
    half = store.files.pictures / "other-0.1234.part"
    half.write_bytes(b"ha")
    store.files.sweep()
    assert not half.exists()
    assert store.files.picture("some:0").exists()
