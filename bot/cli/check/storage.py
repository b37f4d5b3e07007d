"""The folder: whether it can be written, whether its disk has room, whether its database is one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from bot.cli.check.finding import Finding, bad, good
from bot.errors import ConfigError
from bot.store import database_of, disk_trouble


def look_at_storage(folder: Path) -> Iterator[Finding]:
    """Each thing that the bot needs of its folder."""
    probe = folder / ".check"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()
    except OSError as error:
        yield bad(
            f"storage.folder: {folder} cannot be written ({error.strerror}); "
            "make it writable for the bot's user, or name another folder"
        )
        return
    if full := disk_trouble(folder):
        yield bad(f"{full} Free some, or lower storage.keep_days")
        return
    yield good(f"Database and pictures go to {folder.resolve()}")
    yield from _database(folder)


def _database(folder: Path) -> Iterator[Finding]:
    try:
        file = database_of(folder)
    except ConfigError:
        return  # made at the first start
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as database:
            (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        verdict = str(error)
    if verdict == "ok":
        yield good(f"{file} is in order")
    else:
        yield bad(f"{file}: is damaged, or no database ({verdict}); restore a copy with criar restore FILE")
