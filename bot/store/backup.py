"""Copies of the database: made while the bot writes to it, put back, and deleted when they are old."""

import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.errors import ConfigError
from bot.store.database import BEFORE, DATABASE
from bot.store.files import CERTIFICATES
from bot.store.lock import only_bot
from generation.provenance import ANCHORS, KEPT

MIB = 2**20
WAY_BACK = timedelta(days=7)  # that the database before an upgrade or a restore is kept
CERTIFICATES_KEY = "certificates/"  # begins the keys of the settings under which a copy keeps what signs


def database_of(folder: Path) -> Path:
    """The folder's database. Raises ConfigError if there is none: a new one would be another bot's."""
    file = folder / DATABASE
    if not file.exists():
        raise ConfigError(
            f"storage.folder: there is no database in {folder} yet; the bot makes it when it is first started, "
            "or name its config.toml with --config"
        )
    return file


def copy_database(folder: Path, file: Path) -> float:
    """Write the folder's database as it is at this moment to ``file``; returns its size in MiB. Blocks.

    Raises ConfigError if there is no database, the file exists or cannot be written, or the copy is damaged.
    """
    source = database_of(folder)
    if file.exists():
        raise ConfigError(f"{file}: it exists already; name a file that does not")
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as database:
            # One read transaction, which neither waits for writers nor holds them up; the copy has no log beside it.
            database.execute("VACUUM INTO ?", [str(part)])
        with closing(sqlite3.connect(part)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            _keep_certificates(copy, folder / CERTIFICATES)
        if verdict != "ok":
            raise ConfigError(f"{source}: the copy is damaged: {verdict}")
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{file}: cannot be written: {error}") from error
    return round(file.stat().st_size / MIB, 2)


def _keep_certificates(copy: sqlite3.Connection, folder: Path) -> None:
    """Put what signs into the copy, so that a backup is one file."""
    for name in KEPT:
        if (path := folder / name).exists():
            copy.execute("INSERT INTO settings VALUES (?, ?)", [CERTIFICATES_KEY + name, path.read_text()])
    copy.commit()


def restore_certificates(kept: Mapping[str, str], folder: Path) -> None:
    """Write what a backup kept of what signs, unless what is there came from it. Blocks.

    What a bot made that was started here before the backup came is kept beside, and what it signed stays known.
    """
    anchors = folder / ANCHORS
    present = anchors.read_text() if anchors.exists() else ""
    if not kept or (present and kept.get(ANCHORS, "") in present):
        return
    if folder.exists():
        folder.rename(folder.with_name(f"{folder.name}.{BEFORE}{datetime.now(UTC):%Y%m%d-%H%M%S}"))
    folder.mkdir(parents=True, mode=0o700)
    for name, text in {**kept, ANCHORS: kept.get(ANCHORS, "") + present}.items():
        if name in KEPT:
            path = folder / name
            path.touch(mode=0o600)
            path.write_text(text)


def restore_database(folder: Path, file: Path) -> Path | None:
    """Put a copy in place of the folder's database; returns where the one before is kept, None if there was none.

    Blocks. Raises ConfigError if a bot runs on the folder, or the copy is absent, damaged or of another program.
    """
    if not file.is_file():
        raise ConfigError(f"{file}: there is no such file; name a copy that criar backup wrote")
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            (verdict,) = copy.execute("PRAGMA integrity_check").fetchone()
            ours = copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'audit'").fetchone()
    except sqlite3.Error as error:
        raise ConfigError(f"{file}: is damaged, or no database: {error}") from error
    if verdict != "ok" or not ours:
        raise ConfigError(f"{file}: {'is no database of this bot' if verdict == 'ok' else f'is damaged: {verdict}'}")
    with only_bot(folder):
        return _replace(folder / DATABASE, file)


def _replace(database: Path, file: Path) -> Path | None:
    part = database.with_name(f"{DATABASE}.part")
    try:
        shutil.copyfile(file, part)
        kept = (
            database.with_name(f"{DATABASE}.{BEFORE}{datetime.now(UTC):%Y%m%d-%H%M%S}") if database.exists() else None
        )
        if kept:
            # What stands only in the log beside it belongs to it.
            with closing(sqlite3.connect(database)) as before:
                before.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.rename(kept)
        for log in ("-wal", "-shm"):
            database.with_name(f"{DATABASE}{log}").unlink(missing_ok=True)
        part.rename(database)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{database}: cannot be replaced: {error}") from error
    return kept


def delete_old_copies(folder: Path, now: datetime) -> None:
    """Delete databases that were kept as a way back: they hold what members deleted since."""
    for copy in folder.glob(f"{DATABASE}.{BEFORE}*"):
        if copy.stat().st_mtime < (now - WAY_BACK).timestamp():
            copy.unlink(missing_ok=True)
