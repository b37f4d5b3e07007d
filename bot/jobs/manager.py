"""The life of a request: accepted, queued, followed, cancelled, deleted; and resumed after a restart."""

import asyncio
import logging
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import discord

from bot.config import Config
from bot.errors import NotEnough, Refusal
from bot.jobs.delivery import DELIVERY_ERRORS, Delivery
from bot.jobs.events import EventConsumer
from bot.jobs.fewer_pictures import Offers
from bot.jobs.pace import answer_pace, message_pace
from bot.metrics import Metrics
from bot.moderation.request_check import RequestCheck
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import Change, JobRow, State, Store, job_id_of
from generation import Service

log = logging.getLogger(__name__)

LAST_WORDS = 3.0  # seconds to finish edits and to say that the pictures come after the restart

GOES_ON = "I am being restarted; this continues by itself afterwards."


class JobManager:
    """Carries requests from members to the generation module; events and outbox bring the pictures back."""

    def __init__(
        self,
        config: Config,
        store: Store,
        service: Service,
        request_check: RequestCheck,
        delivery: Delivery,
        events: EventConsumer,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._service = service
        self._request_check = request_check
        self._delivery = delivery
        self._events = events
        self._metrics = metrics
        self._cost = config.generation.cost
        self._late_cancels = config.rules.late_cancels
        self._stopping = False
        self.offers = Offers()

    async def submit(self, requester: Requester, built: BuiltRequest) -> None:
        """Accept the request, queue its pictures and announce them.

        Raises Refusal if the member's limit or a rule forbids it, no device works, or the bot is about to stop. An
        interaction that was accepted before changes nothing.
        """
        if self._stopping:
            raise Refusal("I am being restarted; ask again in a minute.")
        if not self._service.can_make():
            raise Refusal("Pictures cannot be made just now; this was not counted. Try again later.")
        self._events.outbox.hurry(requester.user_id)
        await self._request_check.check(requester, built)
        job = await self._accept(
            requester,
            built,
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
                spoiler=requester.spoiler or built.spoiler,
                token=requester.token,
                roles=requester.roles,
                created_at=datetime.now(UTC),
            ),
        )
        if job is not None:
            request = job.request
            log.info(
                "job %s is accepted: %d × %s with %s, %d × %d", job.id, request.count, request.task, request.model,
                request.width, request.height, extra={"job": job.id},
            )  # fmt: skip
            self._metrics.accepted(job, self._cost(job.request.model))
            self._service.submit(job.to_make())
            await self._follow(job, requester.reply_to)

    async def _accept(self, requester: Requester, built: BuiltRequest, job: JobRow) -> JobRow | None:
        """Accept the job as the store does; if fewer pictures would do, the refusal carries an offer of them."""
        slow_mode = self._store.policies.of(requester.guild_id, requester.channels).slow_mode or 0
        try:
            return await self._store.accept(job, slow_mode=slow_mode)
        except NotEnough as refusal:
            if refusal.possible and not built.request.strengths:
                refusal.offer = self.offers.keep(requester, built, refusal.possible)
            raise

    async def _follow(self, job: JobRow, reply_to: discord.MessageReference | None = None) -> None:
        """Announce the job if that was not done, and show its progress: privately, or else in the channel."""
        board = self._events.board
        board.open(job.id)
        if answer := self._delivery.answer(job):
            board.follow(job, answer, answer_pace())
        if job.private:
            return
        try:
            message = self._delivery.message(job) or await self._delivery.announce(job, reply_to)
        except DELIVERY_ERRORS as error:
            # The pictures are under way all the same, and delivery announces them itself or finds another way.
            log.warning("job %s is not announced yet: %s", job.id, error)
        else:
            # Only what a message asked for: edits in a channel share one rate limit, which deliveries need.
            if job.token is None:
                board.follow(job, message.edit, message_pace())

    async def cancel(self, job: JobRow, by: int | None = None) -> int:
        """Cancel what is not finished; it is given back to the member at once, before the worker knows.

        Members (``by``) who cancelled too often what was being made already get it and pay for it: a preview would be
        a picture for nothing. Returns how many pictures were cancelled.
        """
        jobs, since = self._store.jobs, datetime.now(UTC) - timedelta(days=1)
        free = by != job.user_id or await jobs.late_cancels(job.user_id, since) < self._late_cancels
        cancelled = await jobs.take_back(job.id, begun=free)
        self._withdraw(cancelled)
        return len(cancelled)

    async def delete(self, job: JobRow, by: int | None = None) -> None:
        """Cancel what is under way, and take away the message and the pictures."""
        # Marked first, so that no delivery under way brings the pictures by another way when their message is gone.
        await self._store.jobs.set_deleted(job.id, datetime.now(UTC))
        await self.cancel(job, by)
        await self._delivery.delete(await self._store.jobs.of_picture(job.id))

    async def ban(self, change: Change, ends_at: datetime | None = None) -> None:
        """Ban the change's member in its server, or everywhere, and cancel what they have waiting there."""
        self._withdraw(await self._store.bans.ban(change, ends_at))

    async def enforce_bans(self) -> None:
        """Carry out the bans of another process, such as the command line: withdraw what they cancelled."""
        for user_id, _ in await self._store.bans.refresh():
            for job in await self._store.jobs.undelivered(user_id):
                self._withdraw(row.id for row in job.of_state(State.CANCELLED))

    def _withdraw(self, picture_ids: Iterable[str]) -> None:
        """Take pictures that the database says are cancelled out of the queue, and settle their jobs."""
        jobs: dict[str, str] = {}
        for picture_id in picture_ids:
            self._service.cancel(picture_id)
            jobs[job_id_of(picture_id)] = picture_id
        for picture_id in jobs.values():
            self._events.ended(picture_id)

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
            await self._events.board.end(job_id)

    async def resume(self) -> None:
        """Resume what the last run of the bot left: deliver what is made, queue the rest again.

        Before the gateway is connected, so that no new request is among what is found.
        """
        await self._store.jobs.requeue()
        for job in await self._store.jobs.undelivered():
            if job.complete:
                self._events.outbox.put(job)
                continue
            self._service.submit(job.to_make())
            asked = discord.MessageReference(
                message_id=job.interaction_id, channel_id=job.channel_id, fail_if_not_exists=False
            )
            self._events.spawn(self._follow(job, asked if job.token is None else None))

    async def stop(self, seconds: float) -> None:
        """Accept nothing more; finish and deliver within so many seconds what is being made; notify those who wait."""
        self._stopping = True
        made = {job_id_of(picture_id) for picture_id in self._service.running()}
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(self._events.board.close(GOES_ON, but=made), self._service.drain())
                await self._events.drain()
        except TimeoutError:
            log.info("what is not finished by now is made after the next start")
        await self._close_board(GOES_ON)

    async def _close_board(self, last_words: str = "") -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                await self._events.board.close(last_words)

    async def close(self) -> None:
        """Stop what is under way; the next start resumes it."""
        await self._close_board()
        await self._events.close()
