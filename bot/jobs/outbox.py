"""What is made and not delivered yet: tried again with back-off, seen by the operator, and given back at last.

The outbox is the jobs' table itself, so that nothing of it is lost with the process; here are only its tasks.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from weakref import WeakValueDictionary

import discord

from bot.errors import Unavailable
from bot.jobs.delivery import DELIVERY_ERRORS, Delivery, is_transient
from bot.jobs.ping import Pinger
from bot.messages.delivery_notices import Brought
from bot.metrics import Metrics
from bot.store import JobRow, State, Store
from generation import Sentence, Service

log = logging.getLogger(__name__)

#: seconds until the next try, doubling from the first to the last: if it passes by itself (Discord or the network has
#: trouble), and if Discord refused every way, until the member or an admin changes something
PASSING, REFUSED = (1.0, 300.0), (60.0, 6 * 3600.0)
#: seconds that a run of the bot tries before it gives anything back, for it may have been down, or its clock wrong, so
#: long that all of it is too old
TRIED = 12 * 3600.0


class Outbox:
    """Delivers jobs that are complete, each in its own task."""

    def __init__(
        self,
        store: Store,
        service: Service,
        delivery: Delivery,
        pinger: Pinger,
        keep: timedelta,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._service = service
        self._delivery = delivery
        self._pinger = pinger
        self._metrics = metrics
        #: how long pictures wait before they are given back
        self._keep = keep
        self._tasks: dict[str, asyncio.Task[None]] = {}
        #: of jobs that wait for their next try: whose they are, and what wakes them
        self._pausing: dict[str, tuple[int, asyncio.Event]] = {}
        #: one delivery at a time in a channel, whose messages share a rate limit: it bounds the memory of many at once
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    def put(self, job: JobRow) -> None:
        """Deliver the job, unless that is under way."""
        if job.id not in self._tasks:
            task = self._tasks[job.id] = asyncio.create_task(self._bring(job), name=f"deliver-{job.id}")
            task.add_done_callback(lambda ended: self._on_ended(job.id, ended))

    def hurry(self, user_id: int) -> None:
        """Try at once what waits for this member: they are here, and may have opened a way."""
        for waiting_for, wake in self._pausing.values():
            if waiting_for == user_id:
                wake.set()

    async def drain(self) -> None:
        """Wait until what is under way is delivered, or waits for its next try."""
        tasks = [task for job_id, task in self._tasks.items() if job_id not in self._pausing]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Stop; the next start goes on."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _bring(self, job: JobRow) -> None:
        """Try until the job is delivered, deleted or given back."""
        pauses: dict[tuple[float, float], float] = {}
        began = monotonic()
        while True:
            try:
                await self._try(job.id)
            except DELIVERY_ERRORS as error:
                kind = REFUSED if isinstance(error, discord.HTTPException) and not is_transient(error) else PASSING
                if kind is REFUSED and kind not in pauses and isinstance(error, discord.HTTPException):
                    await self._delivery.say_kept(job, error)
                pauses[kind] = min(2 * pauses.get(kind, kind[0] / 2), kind[1])
                log.warning("job %s of member %s is not delivered yet: %s", job.id, job.user_id, error)
                too_old = datetime.now(UTC) - job.created_at > self._keep and monotonic() - began > TRIED
                if too_old and await self._give_up(job):
                    return
                await self._postpone(job, error, max(pauses[kind], getattr(error, "retry_after", 0.0)))
            else:
                return

    async def _try(self, job_id: str) -> None:
        """Deliver the job in its present state. Raises one of DELIVERY_ERRORS."""
        job = await self._store.jobs.get(job_id)
        if job is None or job.delivered:
            return
        brought = Brought()
        try:
            async with self._turns.setdefault(job.channel_id, asyncio.Lock()):
                if not job.deleted:
                    brought = await self._delivery.deliver(job)
        except FileNotFoundError:
            await self._make_again(job)
            return
        now = datetime.now(UTC)
        await self._store.jobs.set_delivered(job.id, now)
        seconds = (now - job.created_at).total_seconds()
        self._metrics.delivered(seconds)
        log.info("job %s is delivered, %.1f s after it was accepted", job.id, seconds, extra={"job": job.id})
        await self._delivery.close_answer(job, brought)
        await self._pinger.ping(job, brought)

    async def _make_again(self, job: JobRow) -> None:
        """Queue pictures whose files are gone, as after a backup was restored."""
        missing = [row for row in job.of_state(State.FINISHED) if not self._store.files.picture(row.id).exists()]
        log.warning("job %s: the files of %d pictures are gone; they are made again", job.id, len(missing))
        for row in missing:
            if await self._store.jobs.remake(row.id):
                self._service.submit([replace(job.all_pictures()[row.place], attempt=row.attempt)])

    async def _give_up(self, job: JobRow) -> bool:
        """Give the pictures back, and say so if words get through; False if that cannot be recorded."""
        try:
            now = datetime.now(UTC)
            await self._store.jobs.give_up(job.id, now, Sentence("They could not be delivered to you."))
        except Unavailable:
            return False
        log.error("job %s of member %s was given back: it cannot be delivered", job.id, job.user_id)
        with suppress(*DELIVERY_ERRORS):
            given_back = await self._store.jobs.get(job.id)
            if given_back and not given_back.deleted:
                await self._delivery.deliver(given_back)
        return True

    async def _postpone(self, job: JobRow, error: Exception, wait: float) -> None:
        """Record the trouble for the operator, and wait."""
        try:
            await self._store.jobs.postpone(job.id, str(error), datetime.now(UTC) + timedelta(seconds=wait))
        except Unavailable:
            log.warning("nor can that be noted in the database")
        wake = asyncio.Event()
        self._pausing[job.id] = job.user_id, wake
        try:
            async with asyncio.timeout(wait):
                await wake.wait()
        except TimeoutError:
            pass
        finally:
            del self._pausing[job.id]

    def _on_ended(self, job_id: str, task: asyncio.Task[None]) -> None:
        del self._tasks[job_id]
        if not task.cancelled() and (error := task.exception()):
            log.error("job %s waits for the next start", job_id, exc_info=error)
