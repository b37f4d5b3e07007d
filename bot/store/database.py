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
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database as Tables

from bot.errors import Unavailable
from bot.store.migrations import MIGRATIONS

log = logging.getLogger(__name__)

T = TypeVar("T")

DATABASE = "criar.db"  # the file's name in the configured folder
BUSY_SECONDS = 10.0  # how long a statement waits for another process's write lock

#: what is the machine's trouble and not ours: it passes, or the operator mends it
UNAVAILABLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
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
        """Make the file if it is missing, and bring its tables up to date."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writing, self._open)
        await loop.run_in_executor(self._reading, self._open_view)

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
        self._tables = self._connect()
        self._tables.enable_wal()
        self._tables.execute("PRAGMA foreign_keys = ON")
        self._tables.execute("PRAGMA secure_delete = ON")  # what a member deletes must not stay in free pages
        MIGRATIONS.apply(self._tables)

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
