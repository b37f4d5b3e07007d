"""The SQLite file: one connection, owned by one thread; what reads and then writes holds the write lock throughout.

The command line writes to the same file while the bot runs, so nothing read here may be kept as truth outside a
transaction.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from sqlite_utils import Database as Tables

from .migrations import MIGRATIONS

T = TypeVar("T")

BUSY_SECONDS = 10.0  # how long a statement waits for another process's write lock


class Database:
    """Runs functions of the connection on the thread that owns it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._tables: Tables

    async def open(self) -> None:
        """Make the file where it is missing, and bring its tables up to date."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def close(self) -> None:
        """Finish what was asked for, then close the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._tables.close)
        self._thread.shutdown()

    async def read(self, query: Callable[[Tables], T]) -> T:
        """What ``query`` returns."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, query, self._tables)

    async def write(self, change: Callable[[Tables], T]) -> T:
        """What ``change`` returns, after its transaction was committed; rolled back where it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, change)

    def _open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Autocommit: transactions begin where this file says so, never by themselves.
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        self._tables = Tables(connection)
        self._tables.enable_wal()
        self._tables.execute("PRAGMA foreign_keys = ON")
        MIGRATIONS.apply(self._tables)

    def _write(self, change: Callable[[Tables], T]) -> T:
        # IMMEDIATE takes the write lock before the first read: with a deferred transaction two processes could both
        # count nineteen images and both insert the twentieth.
        self._tables.execute("BEGIN IMMEDIATE")
        try:
            result = change(self._tables)
        except BaseException:
            self._tables.rollback()
            raise
        self._tables.commit()
        return result
