"""The way of a request: received, accepted, queued, followed, delivered; and taken up again after a restart."""

import asyncio
import logging
import secrets
from collections.abc import Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import discord

from bot.config import Config
from bot.errors import Refusal
from bot.interactions.acknowledge import Requester
from bot.jobs.delivery import TROUBLE, Delivery
from bot.jobs.events import EventConsumer, retry_while_unavailable
from bot.jobs.library import PictureLibrary
from bot.jobs.outbox import Outbox
from bot.jobs.progress import Pace, ProgressBoard
from bot.moderation.policy import Moderation
from bot.requests.builder import BuiltRequest, say_notes
from bot.store import JobRow, State, Store
from bot.text.translate import speaker
from generation import Service

log = logging.getLogger(__name__)

LAST_WORDS = 3.0  # seconds to finish edits and to tell members that their pictures come after the restart

GOES_ON = "I am being restarted; this goes on by itself afterwards."


class JobManager:
    """Carries requests from members to the generation module, and pictures back."""

    def __init__(
        self,
        config: Config,
        store: Store,
        service: Service,
        delivery: Delivery,
        library: PictureLibrary,
        moderation: Moderation,
    ) -> None:
        self._store = store
        self._service = service
        self._delivery = delivery
        self._moderation = moderation
        self._late_cancels = config.rules.late_cancels
        self._board = ProgressBoard(service, moderation, delivery.credentials)
        self._outcomes = EventConsumer(store, service, moderation, self._board, library, self._on_ended)
        keep = timedelta(days=config.storage.keep_days)
        self._outbox = Outbox(store, delivery, keep, self._on_delivered, self._on_missing)
        #: ids of jobs whose progress may be shown: from their beginning to their end
        self._followed: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    async def submit(self, requester: Requester, built: BuiltRequest) -> None:
        """Accept the request, queue its pictures and announce them.

        Raises Refusal where the member's limit or moderation forbids it, or the bot is about to stop. An interaction
        that was accepted before changes nothing.
        """
        if self._stopping:
            raise Refusal("I am being restarted; ask again in a minute.")
        self._outbox.hurry(requester.user_id)
        await self._moderation.check_request(requester, built)
        job = await self._store.accept(
            JobRow(
                id=secrets.token_hex(6),
                interaction_id=requester.id,
                user_id=requester.user_id,
                guild_id=requester.guild_id,
                channel_id=requester.channel_id,
                locale=requester.locale,
                upload_limit=requester.upload_limit,
                request=built.request,
                parent=built.parent,
                notes=built.notes,
                private=requester.private,
                spoiler=requester.spoiler,
                token=requester.token,
                roles=requester.roles,
                created_at=datetime.now(UTC),
            )
        )
        if job is not None:
            self._service.submit(job.to_make())
            await self._follow(job, requester.reply_to)

    async def _follow(self, job: JobRow, reply_to: discord.MessageReference | None = None) -> None:
        """Announce the job where that was not done, and show how it goes on: privately, or else in the channel."""
        self._followed.add(job.id)
        if answer := self._delivery.answer(job):
            self._board.follow(job, answer, Pace(burst=4, every=2.5))
        if job.private:
            return
        try:
            message = self._delivery.message(job) or await self._delivery.announce(job, reply_to)
        except TROUBLE as error:
            # The pictures are under way all the same, and delivery announces them itself or finds another way.
            log.warning("job %s is not announced yet: %s", job.id, error)
        else:
            # Only what a message asked for: edits in a channel share one rate limit, which deliveries need. And not
            # what ended while it was announced, whose pictures are or will be in the message.
            if job.token is None and job.id in self._followed:
                self._board.follow(job, message.edit, Pace(burst=1, every=3.0))

    async def cancel(self, job: JobRow, by: int | None = None) -> int:
        """Take back what is not finished; it is the member's again at once, whatever the worker does until it knows.

        Where it is the member himself (``by``) who cancelled too often what was being made already, that is made and
        counts: a preview would be a picture for nothing. Returns how many were taken back.
        """
        jobs, since = self._store.jobs, datetime.now(UTC) - timedelta(days=1)
        free = by != job.user_id or await jobs.late_cancels(job.user_id, since) < self._late_cancels
        taken = await jobs.take_back(job.id, begun=free)
        for picture_id in taken:
            self._service.cancel(picture_id)
        if taken:
            self._on_ended(taken[0])
        return len(taken)

    async def delete(self, job: JobRow, by: int | None = None) -> None:
        """Cancel what is under way, and take away the message and the pictures."""
        # Marked first, so that no delivery under way brings the pictures by another way when their message is gone.
        await self._store.jobs.set_deleted(job.id, datetime.now(UTC))
        await self.cancel(job, by)
        await self._delivery.delete(await self._store.jobs.of_picture(job.id))

    async def forget(self, user_id: int) -> None:
        """Delete all that is kept about a member, and make nothing more of it.

        What waits is given back; what is being made counts, or else deleting would be a way to cancel without end.
        """
        for job in await self._store.jobs.unfinished_of(user_id):
            for picture_id in await self._store.jobs.take_back(job.id, begun=False):
                self._service.cancel(picture_id)
        forgotten = await self._store.forget(user_id, datetime.now(UTC))
        for picture_id in forgotten.running:
            self._service.cancel(picture_id)
        for job_id in forgotten.jobs:
            self._followed.discard(job_id)
            await self._board.end(job_id)

    async def resume(self) -> None:
        """Take up what the last run of the bot left: deliver what is made, queue the rest again.

        Before the gateway is connected, so that no new request is among what is found.
        """
        await self._store.jobs.requeue()
        for job in await self._store.jobs.undelivered():
            if job.complete:
                self._outbox.put(job)
                continue
            self._service.submit(job.to_make())
            asked = discord.MessageReference(
                message_id=job.interaction_id, channel_id=job.channel_id, fail_if_not_exists=False
            )
            self._spawn(self._follow(job, asked if job.token is None else None))

    async def run(self) -> None:
        """Follow what happens to the pictures, until the generation module closes."""
        await self._outcomes.run()

    async def stop(self, seconds: float) -> None:
        """Accept nothing more; finish and deliver within so many seconds what is being made; tell those who wait."""
        self._stopping = True
        made = {picture_id.partition(":")[0] for picture_id in self._service.running()}
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(self._board.close(GOES_ON, but=made), self._service.drain())
                await asyncio.gather(*self._tasks, return_exceptions=True)
                await self._outbox.drain()
        except TimeoutError:
            log.info("what is not finished by now is made after the next start")
        await self._close_board(GOES_ON)

    async def _close_board(self, last_words: str = "") -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._board.close(last_words)

    async def close(self) -> None:
        """Stop what is under way; the next start takes it up again."""
        await self._close_board()
        await self._outbox.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _on_ended(self, picture_id: str) -> None:
        self._spawn(self._finish(picture_id.partition(":")[0]))

    async def _finish(self, job_id: str) -> None:
        """Have the job delivered, if all its pictures have ended."""
        job = await retry_while_unavailable(self._store.jobs.get, job_id)
        if job is None or not job.complete:
            return
        # First, since an edit that shows progress may overtake the one that brings the pictures.
        self._followed.discard(job.id)
        await self._board.end(job.id)
        self._outbox.put(job)

    async def _on_delivered(self, job: JobRow) -> None:
        """Close the member's private answer."""
        if (answer := self._delivery.answer(job)) and not job.private:
            try:
                await answer(content=await self._farewell(job), attachments=[], view=None)
            except TROUBLE as error:
                log.info("the private answer of job %s cannot be edited any more: %s", job.id, error)

    async def _on_missing(self, job: JobRow) -> None:
        """Make pictures again whose files are gone, as after a backup was put back."""
        missing = [row.id for row in job.of_state(State.FINISHED) if not self._store.files.picture(row.id).exists()]
        log.warning("job %s: the files of %s are gone; they are made again", job.id, ", ".join(missing))
        for picture_id in missing:
            if await self._store.jobs.remake(picture_id):
                await self._outcomes.make_again(picture_id)

    async def _farewell(self, job: JobRow) -> str:
        """What the private answer says when all is done."""
        say = speaker(job.locale)
        allowed = await self._store.allowance(job.person, datetime.now(UTC))
        made = len(job.of_state(State.FINISHED))
        done = (
            say.plural("Your picture is ready.", "Your {n} pictures are ready.", made)
            if made
            else say("Nothing was made.")
        )
        left = say("You have {left} of {limit} images left today.", left=allowed.left, limit=allowed.limit)
        return "\n".join(filter(None, [f"{done} {left}", say_notes(say, job.notes)]))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a job could not be followed", exc_info=error)
