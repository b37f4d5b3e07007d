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
    try:
        _try(folder)
    except OSError as error:
        yield bad(
            f"storage.folder: {folder} cannot be written ({error.strerror}); "
            "make it writable for the bot's user, or name another folder"
        )
        return
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    if full := disk_trouble(there):
        yield bad(f"{full} Free some, or lower storage.keep_days")
        return
    yield good(f"Database and pictures go to {folder.resolve()}")
    yield from _database(folder)


def _try(folder: Path) -> None:
    """Write something and take it away; the folder is left to the bot, which makes it as its own user.

    Raises OSError if that is not possible.
    """
    absent = [each for each in (folder, *folder.parents) if not each.exists()]
    probe = folder / ".check"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\0" * 4096)
        probe.unlink()
    finally:
        for each in absent:
            if each.exists():
                each.rmdir()


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
