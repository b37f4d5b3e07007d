"""Everything that outlives the process: jobs, quotas, settings in one SQLite file, pictures beside it."""

import asyncio
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database as Tables

from ..config import FREE, Config
from ..errors import Refusal
from ..quota import Allowance, allowance, day_of, resets_at
from .database import Database
from .files import Files
from .jobs import JobRow, Jobs, PictureRow, State
from .lock import only_bot
from .preferences import Preference, Preferences
from .quotas import COMMAND_LINE, Change, Quotas
from .settings import Settings
from .styles import Styles

__all__ = [
    "COMMAND_LINE",
    "Change",
    "Files",
    "JobRow",
    "Jobs",
    "PictureRow",
    "Preference",
    "Quotas",
    "Settings",
    "State",
    "Store",
    "only_bot",
]

DATABASE = "criar.db"


class Store:
    """The database and the folders of one configuration."""

    def __init__(self, config: Config) -> None:
        folder: Path = config.storage.folder
        self._config = config
        self._database = Database(folder / DATABASE)
        self.files = Files(folder)
        self.jobs = Jobs(self._database, self.files.inputs)
        self.quotas = Quotas(self._database)
        self.settings = Settings(self._database)
        self.preferences = Preferences(self._database)
        self.styles = Styles(self._database)

    async def open(self) -> None:
        """Make what is missing, and bring the tables up to date."""
        await self._database.open()
        await asyncio.to_thread(self.files.open)

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    async def accept(self, job: JobRow) -> JobRow | None:
        """Reserve and insert the job in one transaction; None where its interaction was accepted before.

        Raises Refusal where the member has not enough images left today, or too many waiting.
        """

        def write(tables: Tables) -> bool:
            if next(iter(tables.query("SELECT 1 FROM jobs WHERE interaction_id = ?", [job.interaction_id])), None):
                return False
            left = self._allowance(tables, job.user_id, job.guild_id, job.created_at)
            self._check(tables, job, left)
            self.jobs.insert(tables, job, day_of(job.created_at, self._config.zone))
            return True

        return await self.jobs.get(job.id) if await self._database.write(write) else None

    async def in_use(self) -> frozenset[Path]:
        """The files that unfinished jobs still need."""
        jobs = await self.jobs.undelivered()
        inputs = {path for job in jobs for path in job.request.images}
        return frozenset(inputs | {self.files.picture(row.id) for job in jobs for row in job.pictures})

    async def allowance(self, user_id: int, guild_id: int | None, now: datetime) -> Allowance:
        """What the member may make today."""
        return await self._database.read(lambda tables: self._allowance(tables, user_id, guild_id, now))

    def _allowance(self, tables: Tables, user_id: int, guild_id: int | None, now: datetime) -> Allowance:
        limit = self.quotas.limit(tables, user_id, guild_id)
        return allowance(
            limit=self._config.plans[FREE].images_per_day if limit is None else limit,
            ceiling=self._config.admin_ceiling,
            usage=self.quotas.usage(tables, user_id, day_of(now, self._config.zone)),
        )

    def _check(self, tables: Tables, job: JobRow, allowed: Allowance) -> None:
        if job.request.count > allowed.left:
            raise Refusal(
                "You asked for {count} and have {left} of your {limit} images left today; new ones come <t:{reset}:R>.",
                count=job.request.count,
                left=allowed.left,
                limit=allowed.limit,
                reset=int(resets_at(job.created_at, self._config.zone).timestamp()),
            )
        most = self._config.plans[FREE].waiting
        waiting = self.quotas.unfinished(tables, job.user_id)
        if waiting + job.request.count > most:
            raise Refusal(
                "You have {waiting} images waiting, and at most {most} may wait; try again when some are done.",
                waiting=waiting,
                most=most,
            )
