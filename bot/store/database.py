"""The SQLite file: one connection that writes and one that reads, each owned by a thread.

What reads and then writes holds the write lock throughout. The command line writes to the same file while the bot
runs, so nothing read here may be kept as truth outside a transaction. Readers never wait for a writer, so that a
button is answered in time while another process holds the lock.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database as Tables

from bot.errors import ConfigError, Unavailable
from bot.store.migrations import MIGRATIONS

log = logging.getLogger(__name__)

T = TypeVar("T")

DATABASE = "criar.db"  # the file's name in the configured folder
BEFORE = "before-"  # begins the ending of copies that stand for a way back
BUSY_SECONDS = 10.0  # how long a statement waits for another process's write lock

#: what is the machine's trouble and not ours: it passes, or the operator mends it
UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
DAMAGE = {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}
PRIMARY = 0xFF  # an extended result code's primary one; https://sqlite.org/rescode.html


class Database:
    """Runs functions of a connection on the thread that owns it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="sqlite-write")
        self._reading = ThreadPoolExecutor(1, thread_name_prefix="sqlite-read")
        self._tables: Tables
        self._view: Tables

    async def open(self) -> None:
        """Make the file if it is missing, and bring its tables up to date.

        Raises ConfigError if it is damaged, or cannot be written.
        """
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._writing, self._open)
            await loop.run_in_executor(self._reading, self._open_view)
        except OSError as error:
            raise ConfigError(f"storage.folder: {self.path.parent} cannot be used: {error.strerror}") from error
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & PRIMARY
            if code in DAMAGE:
                remedy = "restore a copy with criar restore FILE, or move it away"
                raise ConfigError(f"{self.path}: is damaged, or no database ({error}); {remedy}") from error
            if code in UNAVAILABLE:
                raise ConfigError(f"{self.path}: cannot be opened for writing: {error}") from error
            raise

    async def close(self) -> None:
        """Finish what was asked for, then close the file."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reading, self._view.close)
        await loop.run_in_executor(self._writing, self._tables.close)
        self._reading.shutdown()
        self._writing.shutdown()

    async def read(self, query: Callable[[Tables], T]) -> T:
        """What ``query`` returns; it sees all that was written before. Raises Unavailable."""
        return await asyncio.get_running_loop().run_in_executor(self._reading, self._try, query, self._view)

    async def write(self, change: Callable[[Tables], T]) -> T:
        """What ``change`` returns, after its transaction was committed; rolled back if it raises.

        Raises Unavailable if the disk is full or cannot be written, or another process holds the lock too long.
        """
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._try, self._write, change)

    async def tidy(self) -> None:
        """Take what was deleted out of the file and its log too."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writing, self._tables.execute, "PRAGMA wal_checkpoint(TRUNCATE)")

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        used = self.path.exists()
        self._tables = self._connect()
        self._tables.enable_wal()
        if used and MIGRATIONS.pending(self._tables):
            self._copy_before_migrating()
        self._tables.execute("PRAGMA foreign_keys = ON")
        self._tables.execute("PRAGMA secure_delete = ON")  # what a member deletes must not stay in free pages
        MIGRATIONS.apply(self._tables)

    def _copy_before_migrating(self) -> None:
        """Keep the file as the version before knows it; cleaning up deletes it after some days."""
        copy = self.path.with_name(f"{DATABASE}.{BEFORE}{datetime.now(UTC):%Y%m%d-%H%M%S}")
        self._tables.execute("VACUUM INTO ?", [str(copy)])
        log.info("the database is brought up to date; %s is the one before", copy)

    def _open_view(self) -> None:
        self._view = self._connect()
        self._view.execute("PRAGMA query_only = ON")

    def _connect(self) -> Tables:
        # Autocommit: transactions begin where this file says so, never by themselves.
        return Tables(sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None))

    def _try(self, work: Callable[..., T], argument: object) -> T:
        try:
            return work(argument)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY not in UNAVAILABLE:
                raise
            log.error("the database %s cannot be used: %s", self.path, error)
            raise Unavailable from error

    def _write(self, change: Callable[[Tables], T]) -> T:
        # IMMEDIATE takes the write lock before the first read: with a deferred transaction two processes could both
        # count nineteen images and both insert the twentieth.
        self._tables.execute("BEGIN IMMEDIATE")
        try:
            result = change(self._tables)
            self._tables.commit()
        except BaseException:
            self._tables.rollback()
            raise
        return result
