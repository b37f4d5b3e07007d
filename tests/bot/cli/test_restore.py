"""A copy of the database comes back, and what stood there before is kept."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli.main import app
from bot.config import Config
from bot.errors import ConfigError, Unavailable
from bot.store import Change, Store, only_bot, restore_database
from tests.bot.factory import MakeJob


async def banned(store: Store, user_id: int) -> None:
    change = Change(actor_id=0, guild_id=None, user_id=user_id, at=datetime.now(UTC), by_operator=True)
    await store.bans.ban(change)


@pytest.fixture
async def copy(config: Config, tmp_path: Path) -> Path:
    """A copy with one ban, of a database that has a second one since."""
    store = Store(config)
    await store.open()
    await banned(store, 5)
    (tmp_path / "config.toml").write_text("")
    said = CliRunner().invoke(app, ["backup", str(tmp_path / "copy.db"), "-c", str(tmp_path / "config.toml")])
    assert said.exit_code == 0, said.output
    await banned(store, 6)
    await store.close()
    return tmp_path / "copy.db"


async def test_a_copy_comes_back(config: Config, copy: Path) -> None:
    """After restore the bot knows what the copy knew; the database of before lies beside it."""
    kept = restore_database(config.storage.folder, copy)
    assert kept
    store = Store(config)
    await store.open()
    assert [ban.user_id for ban in store.bans.all(None)] == [5]
    await store.close()
    restore_database(config.storage.folder, kept)
    again = Store(config)
    await again.open()
    assert {ban.user_id for ban in again.bans.all(None)} == {5, 6}
    await again.close()


async def test_a_copy_comes_back_on_another_machine(copy: Path, tmp_path: Path) -> None:
    """Where there was no database, the copy becomes it."""
    assert restore_database(tmp_path / "elsewhere", copy) is None
    assert (tmp_path / "elsewhere" / "criar.db").exists()


async def test_what_is_no_copy_is_refused(config: Config, copy: Path, tmp_path: Path) -> None:
    """A file of another kind, none at all, and a folder on which a bot runs leave everything as it is."""
    (tmp_path / "other.db").write_bytes(b"no database" * 100)
    for file, words in ((tmp_path / "other.db", "damaged, or no database"), (tmp_path / "none.db", "no such file")):
        with pytest.raises(ConfigError, match=words):
            restore_database(config.storage.folder, file)
    with only_bot(config.storage.folder), pytest.raises(ConfigError, match="another bot"):
        restore_database(config.storage.folder, copy)


async def test_on_a_full_disk_nothing_is_accepted_or_charged(
    store: Store, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finding 14: the request is refused before it counts."""
    job = make_job()
    monkeypatch.setattr("shutil.disk_usage", lambda _: (10**9, 10**9 - 1000, 1000))
    with pytest.raises(Unavailable):
        await store.accept(job)
    monkeypatch.undo()
    assert (await store.allowance(job.person, job.created_at)).used == 0
    assert await store.accept(job)
