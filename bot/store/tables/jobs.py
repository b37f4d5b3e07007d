"""Jobs and their pictures: accepting, moving on, delivering. Each picture's row is its own reservation."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database as Tables

from bot.store.database import Database
from bot.store.tables.rows import JobRow, PictureRow, State, Waiting, dump, dump_sentence, job_id_of, read_job
from generation import Sentence

#: ids of jobs that members still wait for
_WAITED_FOR = "SELECT id FROM jobs WHERE delivered_at IS NULL AND deleted_at IS NULL"


class Jobs:
    """All SQL about jobs and pictures."""

    def __init__(self, database: Database, inputs: Path) -> None:
        self._database = database
        #: input pictures are stored by name, so that the folder may move
        self._inputs = inputs

    def insert(self, tables: Tables, job: JobRow, day: str, payers: Sequence[int | None], cost: int) -> JobRow:
        """Insert the job and a reservation for each of its pictures; part of the caller's transaction. Returns it.

        ``payers`` says what pays each picture, which counts ``cost``: a grant's id, or None for the day.
        """
        created = job.created_at.timestamp()
        tables.execute(
            "INSERT INTO jobs (id, interaction_id, user_id, guild_id, channel_id, locale, upload_limit, request,"
            " parent, notes, private, spoiler, token, roles, priority, created_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [job.id, job.interaction_id, job.user_id, job.guild_id, job.channel_id, job.locale, job.upload_limit,
             dump(job.request), job.parent, _dump_notes(job.notes), int(job.private), int(job.spoiler), job.token,
             json.dumps(sorted(job.roles)), job.priority, created],
        )  # fmt: skip
        for place, payer in enumerate(payers):
            tables.execute(
                "INSERT INTO pictures (id, job_id, place, user_id, guild_id, state, attempt, cost, day, grant_id,"
                " created_at) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)",
                [
                    f"{job.id}:{place}",
                    job.id,
                    place,
                    job.user_id,
                    job.guild_id,
                    State.WAITING,
                    cost,
                    day,
                    payer,
                    created,
                ],
            )
        return self._select(tables, "id = ?", job.id)[0]

    async def waiting(self) -> Waiting:
        """How many pictures wait and run, and how many jobs are made and wait to be delivered."""

        def count(tables: Tables) -> Waiting:
            rows = tables.execute(
                "SELECT state, priority, count(*) FROM pictures JOIN jobs ON jobs.id = job_id"
                " WHERE state IN ('waiting', 'running') GROUP BY state, priority"
            ).fetchall()
            (outbox,) = tables.execute(
                f"SELECT count(*) FROM ({_WAITED_FOR}) AS jobs WHERE NOT EXISTS"  # noqa: S608 - ours, above
                " (SELECT 1 FROM pictures WHERE job_id = jobs.id AND state IN ('waiting', 'running'))"
            ).fetchone()
            return Waiting(pictures={(state, priority): number for state, priority, number in rows}, outbox=outbox)

        return await self._database.read(count)

    async def get(self, job_id: str) -> JobRow | None:
        """The job with this id."""
        return await self._one("id = ?", job_id)

    async def of_picture(self, picture_id: str) -> JobRow:
        """The job of a picture, or with this id. Raises LookupError if there is none."""
        job = await self.get(job_id_of(picture_id))
        if job is None:
            raise LookupError(f"picture {picture_id} belongs to no job")
        return job

    async def of_message(self, message_id: int) -> JobRow | None:
        """The job whose pictures stand in this message."""
        return await self._one("message_id = ?", message_id)

    async def shown_in(self, message_id: int) -> tuple[JobRow, PictureRow] | None:
        """The picture that a message shows: the one it was posted for, or the first of the job's own message."""
        job = await self.of_message(message_id)
        if job is None:
            posted = await self._database.read(
                lambda tables: list(tables.query("SELECT picture_id FROM posts WHERE message_id = ?", [message_id]))
            )
            return await self.picture(posted[0]["picture_id"]) if posted else None
        made = job.of_state(State.FINISHED)
        return (job, made[0]) if made else None

    async def picture(self, picture_id: str) -> tuple[JobRow, PictureRow] | None:
        """A finished picture with its job."""
        job_id, _, place = picture_id.partition(":")
        job = await self.get(job_id)
        row = job.at(int(place)) if job and place.isdecimal() else None
        return (job, row) if job and row else None

    async def shows(self, message_id: int, job_id: str, channel_id: int) -> bool:
        """Whether the message is the job's own, or it or another of its channel shows one of its pictures again."""
        sql = (
            "SELECT 1 FROM jobs WHERE id = :job_id AND message_id = :message_id UNION ALL"
            " SELECT 1 FROM posts JOIN pictures ON pictures.id = picture_id"
            " WHERE (posts.message_id = :message_id OR posts.channel_id = :channel_id)"
            " AND job_id = :job_id"
        )
        values = {"message_id": message_id, "job_id": job_id, "channel_id": channel_id}
        return await self._database.read(lambda tables: tables.execute(sql, values).fetchone() is not None)

    async def set_post(self, channel_id: int, message_id: int, picture_id: str) -> None:
        """Record a message that shows only this picture."""
        sql = "INSERT OR REPLACE INTO posts (channel_id, message_id, picture_id) VALUES (?, ?, ?)"
        await self._changes(sql, channel_id, message_id, picture_id)

    async def forget_post(self, message_id: int) -> None:
        """The message is taken away."""
        await self._changes("DELETE FROM posts WHERE message_id = ?", message_id)

    async def posts_of(self, picture_id: str) -> list[tuple[int, int]]:
        """The channels and messages that show only this picture."""
        sql = "SELECT channel_id, message_id FROM posts WHERE picture_id = ? AND channel_id IS NOT NULL"
        rows = await self._database.read(lambda tables: list(tables.query(sql, [picture_id])))
        return [(row["channel_id"], row["message_id"]) for row in rows]

    async def made_by(self, user_id: int, offset: int, limit: int) -> list[tuple[JobRow, PictureRow]]:
        """The member's finished pictures, newest first, without those that were deleted."""
        sql = (
            "SELECT pictures.id FROM pictures JOIN jobs ON jobs.id = job_id"
            " WHERE pictures.user_id = ? AND state = 'finished' AND deleted_at IS NULL"
            " ORDER BY pictures.created_at DESC, place LIMIT ? OFFSET ?"
        )
        rows = await self._database.read(lambda tables: list(tables.query(sql, [user_id, limit, offset])))
        found = [await self.picture(row["id"]) for row in rows]
        return [pair for pair in found if pair]

    async def locale_of(self, user_id: int) -> str | None:
        """The language in which the member was answered last; a message, unlike an interaction, does not say theirs."""
        sql = "SELECT locale FROM jobs WHERE user_id = ? ORDER BY created_at DESC LIMIT 1"
        rows = await self._database.read(lambda tables: list(tables.query(sql, [user_id])))
        return rows[0]["locale"] if rows else None

    async def of_interaction(self, interaction_id: int) -> JobRow | None:
        """The job that this interaction (or message) began."""
        return await self._one("interaction_id = ?", interaction_id)

    async def undelivered(self, user_id: int | None = None) -> list[JobRow]:
        """Jobs that a member, or anybody, still waits for, oldest first."""
        where = "delivered_at IS NULL AND deleted_at IS NULL AND user_id = ifnull(?, user_id) ORDER BY created_at"
        return await self._many(where, user_id)

    async def in_use(self) -> tuple[list[str], list[Path]]:
        """The pictures' ids and the inputs of jobs that members still wait for: of tens of thousands in a moment."""
        pictures = f"SELECT id FROM pictures WHERE job_id IN ({_WAITED_FOR})"  # noqa: S608
        inputs = (
            "SELECT DISTINCT value FROM jobs, json_each(request, '$.images')"
            " WHERE delivered_at IS NULL AND deleted_at IS NULL"
        )
        ids = await self._database.read(lambda tables: [row[0] for row in tables.execute(pictures)])
        names = await self._database.read(lambda tables: [row[0] for row in tables.execute(inputs)])
        return ids, [self._inputs / name for name in names]

    async def unfinished_of(self, user_id: int) -> list[JobRow]:
        """The member's jobs that have pictures waiting or running, oldest first."""
        jobs = await self._many(
            "user_id = ? AND delivered_at IS NULL AND deleted_at IS NULL ORDER BY created_at", user_id
        )
        return [job for job in jobs if not job.complete]

    async def set_message(self, job_id: str, channel_id: int, message_id: int) -> bool:
        """Remember the message that announces the job; False if the job was deleted meanwhile."""
        sql = "UPDATE jobs SET channel_id = ?, message_id = ? WHERE id = ? AND deleted_at IS NULL"
        return await self._changes(sql, channel_id, message_id, job_id)

    async def set_delivered(self, job_id: str, now: datetime) -> None:
        """Nobody waits for this job any longer."""
        await self._changes(
            "UPDATE jobs SET delivered_at = ?, next_try = NULL WHERE id = ? AND delivered_at IS NULL",
            now.timestamp(),
            job_id,
        )

    async def postpone(self, job_id: str, trouble: str, next_try: datetime) -> None:
        """The pictures could not be delivered; that is tried again."""
        sql = "UPDATE jobs SET tries = tries + 1, trouble = ?, next_try = ? WHERE id = ?"
        await self._changes(sql, trouble, next_try.timestamp(), job_id)

    async def give_up(self, job_id: str, now: datetime, reason: Sentence) -> None:
        """Move what is finished to failed: it cannot be delivered, is given back to the member, and not tried again."""

        def write(tables: Tables) -> None:
            tables.execute(
                "UPDATE pictures SET state = 'failed', reason = ? WHERE job_id = ? AND state = 'finished'",
                [dump_sentence(reason), job_id],
            )
            tables.execute("UPDATE jobs SET delivered_at = ?, next_try = NULL WHERE id = ?", [now.timestamp(), job_id])

        await self._database.write(write)

    async def set_deleted(self, job_id: str, now: datetime) -> None:
        """The job's message was taken away by those who may."""
        await self._changes("UPDATE jobs SET deleted_at = ? WHERE id = ?", now.timestamp(), job_id)

    async def add_note(self, job_id: str, note: Sentence) -> None:
        """Remember something to be said of the job, unless the like was said before."""

        def write(tables: Tables) -> None:
            row = tables.execute("SELECT notes FROM jobs WHERE id = ?", [job_id]).fetchone()
            notes = json.loads(row[0]) if row else []
            if note.template not in [said for said, _ in notes]:
                notes.append([note.template, dict(note.params)])
                tables.execute("UPDATE jobs SET notes = ? WHERE id = ?", [json.dumps(notes), job_id])

        await self._database.write(write)

    async def started(self, picture_id: str, attempt: int) -> bool:
        """Move it from waiting to running."""
        return await self._move(picture_id, attempt, State.RUNNING, begun=True)

    async def finished(self, picture_id: str, attempt: int, seconds: float) -> bool:
        """Move it to finished; False if it had ended otherwise before."""
        return await self._move(picture_id, attempt, State.FINISHED, seconds=seconds)

    async def failed(self, picture_id: str, attempt: int, reason: Sentence) -> bool:
        """Move it to failed, which gives the image back to the member."""
        return await self._move(picture_id, attempt, State.FAILED, reason=dump_sentence(reason))

    async def cancelled(self, picture_id: str, attempt: int) -> bool:
        """Move it to cancelled, which gives the image back to the member."""
        return await self._move(picture_id, attempt, State.CANCELLED)

    async def take_back(self, job_id: str, *, begun: bool = True) -> list[str]:
        """Cancel what waits, or with ``begun`` what runs too, all at once; the ids of those that this took back."""
        sql = (
            "UPDATE pictures SET state = 'cancelled'"
            " WHERE job_id = ? AND state IN ('waiting', iif(?, 'running', 'waiting')) RETURNING id"
        )
        return await self._database.write(lambda tables: [row["id"] for row in tables.query(sql, [job_id, begun])])

    async def late_cancels(self, user_id: int, since: datetime) -> int:
        """How many of the member's pictures since then were cancelled after a worker had begun them."""
        sql = "SELECT count(*) FROM pictures WHERE user_id = ? AND created_at > ? AND state = 'cancelled' AND begun"
        values = [user_id, since.timestamp()]
        return await self._database.read(lambda tables: int(tables.execute(sql, values).fetchone()[0]))

    async def retry(self, picture_id: str, attempt: int) -> bool:
        """Back to waiting with the next attempt."""
        return await self._move(picture_id, attempt, State.WAITING, next_attempt=True)

    async def requeue(self) -> None:
        """Move all that is running back to waiting, at the same attempt: the restart was not the pictures' fault.

        What is unfinished of a job that nobody waits for any longer is cancelled.
        """
        sql = (
            f"UPDATE pictures SET state = iif(job_id IN ({_WAITED_FOR}), 'waiting', 'cancelled')"  # noqa: S608
            " WHERE state IN ('waiting', 'running')"
        )
        await self._changes(sql)

    async def remake(self, picture_id: str) -> bool:
        """Move it from finished back to waiting, since its file was lost before delivery; False if nobody waits."""
        sql = f"UPDATE pictures SET state = 'waiting' WHERE id = ? AND state = 'finished' AND job_id IN ({_WAITED_FOR})"  # noqa: S608
        return await self._changes(sql, picture_id)

    async def _move(
        self,
        picture_id: str,
        attempt: int,
        to: State,
        *,
        seconds: float | None = None,
        reason: str | None = None,
        next_attempt: bool = False,
        begun: bool = False,
    ) -> bool:
        """A guarded change of state: the first commit wins, a late event of an older attempt changes nothing."""
        sql = (
            "UPDATE pictures SET state = ?, seconds = ?, reason = ?, attempt = attempt + ?, begun = begun OR ?"
            " WHERE id = ? AND attempt = ? AND state IN ('waiting', 'running')"
        )
        return await self._changes(sql, to, seconds, reason, int(next_attempt), int(begun), picture_id, attempt)

    async def _changes(self, sql: str, *values: Any) -> bool:
        """Carry out one statement; whether it changed anything."""
        return await self._database.write(lambda tables: tables.execute(sql, values).rowcount > 0)

    async def _one(self, where: str, value: Any) -> JobRow | None:
        return next(iter(await self._many(where, value)), None)

    async def _many(self, where: str, *values: Any) -> list[JobRow]:
        return await self._database.read(lambda tables: self._select(tables, where, *values))

    def _select(self, tables: Tables, where: str, *values: Any) -> list[JobRow]:
        rows = list(tables.query(f"SELECT * FROM jobs WHERE {where}", values))  # noqa: S608 - ours, see callers
        return [read_job(tables, row, self._inputs) for row in rows]


def _dump_notes(notes: Sequence[Sentence]) -> str:
    return json.dumps([[note.template, dict(note.params)] for note in notes])
