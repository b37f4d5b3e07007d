"""A copy of the database while the bot writes to it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.errors import ConfigError
from bot.store.database import DATABASE

MIB = 2**20


def copy_database(folder: Path, file: Path) -> float:
    """Write the folder's database as it is at this moment to ``file``; returns its size in MiB. Blocks.

    Raises ConfigError if there is no database, the file exists or cannot be written, or the copy is damaged.
    """
    source = folder / DATABASE
    if not source.exists():
        raise ConfigError(f"storage.folder: there is no database in {folder} yet; name its config.toml with --config")
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
        if verdict != "ok":
            raise ConfigError(f"{source}: the copy is damaged: {verdict}")
        part.rename(file)
    except (OSError, sqlite3.Error) as error:
        part.unlink(missing_ok=True)
        raise ConfigError(f"{file}: cannot be written: {error}") from error
    return round(file.stat().st_size / MIB, 2)
