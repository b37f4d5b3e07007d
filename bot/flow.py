"""The way of a request: received, accepted, queued, followed, delivered; and taken up again after a restart."""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord

from generation import (
    Cancelled,
    Event,
    Failed,
    Finished,
    Job,
    Picture,
    Preview,
    Progress,
    Request,
    Service,
    Started,
    Task,
)

from .asker import Asker
from .compose import Composed, Source, say_notes
from .config import FREE, Config
from .delivery import Delivery, Send
from .errors import Refusal
from .intake import Intake
from .progress import Pace, ProgressBoard
from .store import JobRow, PictureRow, State, Store
from .text import Speaker, speaker

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 2  # a picture whose worker died is tried once more, alone


class Flow:
    """Carries requests from members to the generation module, and pictures back."""

    def __init__(self, config: Config, store: Store, service: Service, delivery: Delivery, intake: Intake) -> None:
        self._store = store
        self._intake = intake
        self._service = service
        self._delivery = delivery
        self._priority = config.plans[FREE].priority
        self._board = ProgressBoard(service)
        self._askers: dict[str, tuple[Asker, str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._made_again: dict[str, asyncio.Future[None]] = {}

    async def take_up(self, job: JobRow, row: PictureRow) -> Source:
        """A finished picture, as the source of another. Raises Refusal where it is not kept any more."""
        return replace(await self._intake.keep(*await self._have(job, row)), picture=row.id)

    async def style_of(self, job: JobRow) -> Request:
        """The request that drew a picture, behind enlargements that only made it larger."""
        while job.request.task is Task.UPSCALE and job.parent:
            before = await self._store.jobs.picture(job.parent)
            if before is None:
                break
            job = before[0]
        return job.request

    async def show(self, job: JobRow, row: PictureRow, say: Speaker, send: Send) -> None:
        """Post a finished picture alone, with its actions. Raises Refusal where it is not kept any more."""
        await self._have(job, row)
        await self._delivery.show(job, row, say, send)

    async def picture(self, job: JobRow, row: PictureRow) -> bytes:
        """A finished picture's bytes. Raises Refusal where it is not kept any more."""
        return (await self._have(job, row))[0]

    async def _have(self, job: JobRow, row: PictureRow) -> tuple[bytes, str]:
        """A finished picture's bytes and name. A private one stands in no message, so where its file was cleaned up
        it is made again from its seed, free. Raises Refusal where that cannot be done."""
        try:
            return await self._delivery.picture(job, row)
        except Refusal:
            if not job.private or any(not path.exists() for path in job.request.images):
                raise
        if row.id not in self._made_again:
            self._made_again[row.id] = asyncio.get_running_loop().create_future()
            everything = Job(id=job.id, user_id=job.user_id, priority=self._priority, request=job.request).pictures()
            self._service.submit([everything[row.place]])
        await asyncio.shield(self._made_again[row.id])
        return await self._delivery.picture(job, row)

    def _ended_again(self, picture_id: str) -> None:
        """Wake those who wait for a picture that was made again."""
        if (waiting := self._made_again.pop(picture_id, None)) and not waiting.done():
            waiting.set_result(None)

    async def submit(self, asker: Asker, composed: Composed) -> None:
        """Accept the request, queue its pictures and announce them.

        Raises Refusal where the member's limit forbids it. An interaction that was accepted before changes nothing.
        """
        job = await self._store.accept(
            JobRow(
                id=secrets.token_hex(6),
                interaction_id=asker.id,
                user_id=asker.user_id,
                guild_id=asker.guild_id,
                channel_id=asker.channel_id,
                locale=asker.locale,
                upload_limit=asker.upload_limit,
                request=composed.request,
                parent=composed.parent,
                private=asker.private,
                spoiler=asker.spoiler,
                token=asker.token if asker.private else None,
                created_at=datetime.now(UTC),
            )
        )
        if job is None:
            return
        notes = say_notes(speaker(asker.locale), composed.notes)
        self._askers[job.id] = (asker, notes)
        self._service.submit(job.to_make(self._priority))
        if asker.edit:
            self._board.follow(job, asker.edit, Pace(burst=4, every=2.5), notes)
        if job.private:
            return
        try:
            message = await self._delivery.announce(job, asker.reply_to)
        except discord.HTTPException as error:
            # The pictures are under way all the same, and delivery announces them itself or finds another way.
            log.warning("job %s is not announced yet: %s", job.id, error)
        else:
            if not asker.edit and job.id in self._askers:
                self._board.follow(job, message.edit, Pace(burst=1, every=3.0), notes)

    async def cancel(self, job: JobRow) -> None:
        """Take back what is not finished; the events that follow give it back to the member."""
        for picture in job.pictures:
            if picture.state in (State.WAITING, State.RUNNING):
                self._service.cancel(picture.id)

    async def delete(self, job: JobRow) -> None:
        """Cancel what is under way, and take away the message and the pictures."""
        await self.cancel(job)
        await self._delivery.delete(job)

    async def resume(self) -> None:
        """Take up what the last run of the bot left: deliver what is finished, queue the rest again."""
        for job in await self._store.jobs.undelivered():
            if job.complete:
                self._spawn(self._delivery.deliver(job))
                continue
            await self._store.jobs.requeue(job.id)
            self._service.submit(job.to_make(self._priority))

    async def run(self) -> None:
        """Follow the generation module's events until it closes."""
        async for event in self._service.events():
            try:
                await self._on_event(event)
            except Exception:
                log.exception("event %r could not be handled", event)

    async def close(self) -> None:
        """Stop what is under way; the next start takes it up again."""
        await self._board.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _on_event(self, event: Event) -> None:
        jobs = self._store.jobs
        match event:
            case Progress() | Preview():
                self._board.update(event)
            case Started(picture_id=picture_id, attempt=attempt):
                await jobs.started(picture_id, attempt)
            case Finished(picture_id=picture_id, attempt=attempt, png=png, seconds=seconds):
                await asyncio.to_thread(self._store.files.keep_picture, picture_id, png)
                self._ended_again(picture_id)
                if await jobs.finished(picture_id, attempt, seconds):
                    await self._on_ended(picture_id)
            case Failed(picture_id=picture_id):
                self._ended_again(picture_id)
                await self._on_failed(event)
            case Cancelled(picture_id=picture_id, attempt=attempt):
                if await jobs.cancelled(picture_id, attempt):
                    await self._on_ended(picture_id)

    async def _on_failed(self, event: Failed) -> None:
        log.warning("picture %s failed at attempt %s: %s", event.picture_id, event.attempt, event.template)
        jobs = self._store.jobs
        if event.retryable and event.attempt < MAX_ATTEMPTS:
            if await jobs.retry(event.picture_id, event.attempt):
                self._service.submit([await self._picture(event.picture_id)])
        elif await jobs.failed(event.picture_id, event.attempt, event.template, event.params):
            await self._on_ended(event.picture_id)

    async def _picture(self, picture_id: str) -> Picture:
        job = await self._job_of(picture_id)
        return next(picture for picture in job.to_make(self._priority) if picture.id == picture_id)

    async def _job_of(self, picture_id: str) -> JobRow:
        job = await self._store.jobs.get(picture_id.partition(":")[0])
        if job is None:
            raise LookupError(f"picture {picture_id} belongs to no job")
        return job

    async def _on_ended(self, picture_id: str) -> None:
        job = await self._job_of(picture_id)
        if job.complete:
            self._spawn(self._finish(job))

    async def _finish(self, job: JobRow) -> None:
        """Deliver, then close the member's private answer."""
        await self._board.end(job.id)
        asker, notes = self._askers.pop(job.id, (None, ""))
        if not job.deleted:
            # Read again: the announcement may have stored its message's id since.
            await self._delivery.deliver(await self._job_of(job.pictures[0].id))
        if asker and asker.edit and not job.private:
            try:
                await asker.edit(content=await self._farewell(job, asker, notes), attachments=[], view=None)
            except discord.HTTPException as error:
                log.info("the private answer of job %s cannot be edited any more: %s", job.id, error)

    async def _farewell(self, job: JobRow, asker: Asker, notes: str) -> str:
        """What the private answer says when all is done."""
        say = speaker(asker.locale)
        allowed = await self._store.allowance(asker.user_id, asker.guild_id, datetime.now(UTC))
        made = len(job.of_state(State.FINISHED))
        done = (
            say.plural("Your picture is ready.", "Your {n} pictures are ready.", made)
            if made
            else say("Nothing was made.")
        )
        left = say("You have {left} of {limit} images left today.", left=allowed.left, limit=allowed.limit)
        return "\n".join(filter(None, [f"{done} {left}", notes]))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        """What was not delivered stays so in the database, and is taken up at the next start."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a job could not be delivered", exc_info=error)
