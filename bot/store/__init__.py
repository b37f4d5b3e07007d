"""Everything that outlives the process: jobs, quotas, settings in one SQLite file, pictures beside it."""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database as Tables

from bot.config import Config
from bot.errors import Unavailable
from bot.quota import Allowance, Person, day_of
from bot.store.backup import (
    CERTIFICATES_KEY,
    copy_database,
    database_of,
    delete_old_copies,
    restore_certificates,
    restore_database,
)
from bot.store.database import DATABASE, Database
from bot.store.files import CERTIFICATES, Files
from bot.store.lock import only_bot
from bot.store.space import disk_trouble
from bot.store.tables.acceptance import Acceptance
from bot.store.tables.audit import ALL_ENTRIES, COMMAND_LINE, Action, Audit, Change, Entry, Only
from bot.store.tables.bans import BANNED, Ban, Bans, banned
from bot.store.tables.jobs import Jobs
from bot.store.tables.key_values import KeyValues, Replies
from bot.store.tables.preferences import Ping, Preference, Preferences
from bot.store.tables.privacy import Forgotten, Privacy
from bot.store.tables.quotas import Quotas
from bot.store.tables.rows import JobRow, PictureRow, State, Waiting, job_id_of
from bot.store.tables.server_policies import NO_POLICY, WHOLE_SERVER, Blocking, Policies, ServerPolicy
from bot.store.tables.strikes import ForbiddenWords, Rule, Strike, Strikes
from bot.store.tables.styles import Styles
from bot.store.tables.usage import DayUsed, Usages, Used

__all__ = [
    "ALL_ENTRIES",
    "BANNED",
    "CERTIFICATES",
    "COMMAND_LINE",
    "NO_POLICY",
    "WHOLE_SERVER",
    "Action",
    "Ban",
    "Blocking",
    "Change",
    "DayUsed",
    "Entry",
    "Files",
    "Forgotten",
    "JobRow",
    "Jobs",
    "KeyValues",
    "Only",
    "PictureRow",
    "Ping",
    "Preference",
    "Quotas",
    "Replies",
    "Rule",
    "ServerPolicy",
    "State",
    "Store",
    "Strike",
    "Used",
    "Waiting",
    "banned",
    "copy_database",
    "database_of",
    "delete_old_copies",
    "disk_trouble",
    "job_id_of",
    "only_bot",
    "restore_database",
]

log = logging.getLogger(__name__)


class Store:
    """The database and the folders of one configuration."""

    def __init__(self, config: Config) -> None:
        folder: Path = config.storage.folder
        self._config = config
        self._database = Database(folder / DATABASE)
        self.files = Files(folder)
        self.jobs = Jobs(self._database, self.files.inputs)
        self.quotas = Quotas(self._database)
        self.usages = Usages(self._database)
        self.bans = Bans(self._database)
        self.audit = Audit(self._database)
        self._acceptance = Acceptance(config, self.quotas, self.usages, self.bans)
        self.key_values = KeyValues(self._database)
        self.policies = Policies(self._database)
        self.preferences = Preferences(self._database)
        self.styles = Styles(self._database)
        self.forbidden = ForbiddenWords(self._database)
        self.strikes = Strikes(self._database)
        self.privacy = Privacy(self._database, self.files, self.usages)

    async def open(self) -> None:
        """Make what is missing, and bring the tables up to date."""
        await self._database.open()
        await self.bans.refresh()
        await self.policies.refresh()
        await asyncio.to_thread(self.files.open)
        kept = await self.key_values.take(CERTIFICATES_KEY)
        await asyncio.to_thread(restore_certificates, kept, self.files.certificates)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    async def accept(self, job: JobRow, *, slow_mode: int = 0) -> JobRow | None:
        """Reserve and insert the job in one transaction; None if its interaction was accepted before.

        Raises Refusal if the member has not enough images left today, too many waiting, a plan that does not
        include it, or asked in the server within the last ``slow_mode`` seconds; Unavailable if the disk is full.
        """
        if trouble := await asyncio.to_thread(disk_trouble, self._config.storage.folder):
            log.error("a request is refused: %s", trouble)
            raise Unavailable

        def write(tables: Tables) -> JobRow | None:
            if next(iter(tables.query("SELECT 1 FROM jobs WHERE interaction_id = ?", [job.interaction_id])), None):
                return None
            if slow_mode:
                self._acceptance.check_slow_mode(tables, job.person, job.created_at, slow_mode)
            plan, payers = self._acceptance.admit(tables, job.person, job.request, job.created_at)
            day = day_of(job.created_at, self._config.zone)
            cost = self._config.generation.cost(job.request.model)
            return self.jobs.insert(tables, replace(job, priority=plan.priority), day, payers, cost)

        return await self._database.write(write)

    async def in_use(self) -> frozenset[Path]:
        """The files that unfinished jobs still need."""
        ids, inputs = await self.jobs.in_use()
        return frozenset([*inputs, *map(self.files.picture, ids)])

    async def forget(self, user_id: int, now: datetime) -> Forgotten:
        """Delete all that is kept about a member."""
        return await self.privacy.forget(user_id, day_of(now, self._config.zone), now)

    async def allowance(self, person: Person, now: datetime) -> Allowance:
        """What the person may make now."""
        return await self._database.read(lambda tables: self._acceptance.allowance(tables, person, now))
