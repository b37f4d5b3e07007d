"""What the generation module reports of pictures: shown, kept, recorded in the database, tried again, delivered."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ParamSpec, TypeVar

from bot.errors import Refusal, Unavailable
from bot.jobs.outbox import Outbox
from bot.jobs.progress import ProgressBoard
from bot.metrics import Metrics
from bot.moderation.output_filter import Blocked, OutputFilter
from bot.store import State, Store, job_id_of
from bot.text.sanitize import escape_for_discord
from generation import (
    Cancelled,
    Enlarging,
    Event,
    Failed,
    Finished,
    Noted,
    Picture,
    Preview,
    Progress,
    Sentence,
    Service,
    Started,
)

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before what disk or database did not take is tried again
MAX_NOTE = 400  # characters of what the generation module says of a picture
MAX_ATTEMPTS = 2  # a picture whose worker died is tried once more, by itself


async def retry_while_unavailable(work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` returns; it is tried again until disk and database can be used."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await work(*args, **kwargs)
        except Unavailable:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


class EventConsumer:
    """Handles events one after the other, and passes complete jobs on to the outbox."""

    def __init__(
        self,
        store: Store,
        service: Service,
        output_filter: OutputFilter,
        board: ProgressBoard,
        outbox: Outbox,
        metrics: Metrics,
    ) -> None:
        self._store = store
        self._service = service
        self._filter = output_filter
        self.board = board
        self.outbox = outbox
        self._metrics = metrics
        self._awaited: dict[str, asyncio.Future[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Follow the generation module's events until it closes."""
        async for event in self._service.events():
            self._metrics.happened(event)
            try:
                await retry_while_unavailable(self._on_event, event)  # nothing that was made is dropped
            except Exception:
                log.exception("what happened to picture %s could not be handled", event.picture_id)
                if isinstance(event, Finished | Failed | Cancelled):
                    await self._give_back(event)
            if isinstance(event, Finished | Failed | Cancelled) and event.picture_id in self._awaited:
                self._awaited.pop(event.picture_id).set_result(None)

    async def make_again(self, picture: Picture) -> None:
        """Make a picture of a job that was delivered once more, for free, and wait for its end, whatever it is."""
        if picture.id not in self._awaited:
            self._awaited[picture.id] = asyncio.get_running_loop().create_future()
            self._service.submit([picture])
        await asyncio.shield(self._awaited[picture.id])

    def ended(self, picture_id: str) -> None:
        """A picture neither waits nor runs any longer, and that was committed: deliver its job if it is complete.

        A handler that is tried again would not come here a second time, so this may not fail.
        """
        self.spawn(self._finish(job_id_of(picture_id)))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it in a task that ``drain`` and ``close`` know."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._on_done)

    async def drain(self) -> None:
        """Wait for the tasks under way, then until what they brought is delivered or waits for its next try."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.outbox.drain()

    async def close(self) -> None:
        """Stop what is under way; the next start takes it up again."""
        await self.outbox.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _finish(self, job_id: str) -> None:
        job = await retry_while_unavailable(self._store.jobs.get, job_id)
        if job is None or not job.complete:
            return
        # First, since an edit that shows progress may overtake the one that brings the pictures.
        await self.board.end(job.id, uploading=bool(job.of_state(State.FINISHED)))
        self.outbox.put(job)

    def _on_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a job could not be followed", exc_info=error)

    async def _give_back(self, event: Event) -> None:
        """A picture whose end could not be handled must not wait for ever."""
        sentence = Refusal("Something went wrong with this picture; please tell the operator.")
        try:
            if await self._store.jobs.failed(event.picture_id, event.attempt, sentence.sentence):
                self.ended(event.picture_id)
        except Exception:
            log.exception("picture %s waits for the next start", event.picture_id)

    async def _on_event(self, event: Event) -> None:
        jobs = self._store.jobs
        match event:
            case Progress() | Preview() | Enlarging():
                self.board.update(event)
            case Noted():
                await self._on_noted(event)
            case Started(picture_id=picture_id, attempt=attempt):
                await jobs.started(picture_id, attempt)
                self.board.update(event)
            case Finished():
                self.board.update(event)
                await self._on_finished(event)
            case Failed():
                await self._on_failed(event)
            case Cancelled(picture_id=picture_id, attempt=attempt):
                if await jobs.cancelled(picture_id, attempt):
                    self.ended(picture_id)

    async def _on_finished(self, event: Finished) -> None:
        if await self._is_blocked(event):
            return
        await asyncio.to_thread(self._store.files.keep_picture, event.picture_id, event.png)
        if await self._store.jobs.finished(event.picture_id, event.attempt, event.seconds):
            made = {"job": job_id_of(event.picture_id), "seconds": round(event.seconds, 1)}
            log.info("picture %s is made, %.1f s", event.picture_id, event.seconds, extra=made)
            self.ended(event.picture_id)
        else:
            await self._too_late(event.picture_id)

    async def _on_noted(self, event: Noted) -> None:
        said = {
            name: escape_for_discord(value, MAX_NOTE) if isinstance(value, str) else value
            for name, value in event.params.items()
        }
        await self._store.jobs.add_note(job_id_of(event.picture_id), Sentence(event.template, said))

    async def _is_blocked(self, event: Finished) -> bool:
        """Whether the output filter blocks a picture: it is not kept, counts as failed, and is not charged."""
        job = await self._store.jobs.get(job_id_of(event.picture_id))
        if job is None:
            return True  # its member deleted all that was kept about them
        try:
            await self._filter.check_made(job, event.png)
        except Blocked as blocked:
            if await self._store.jobs.failed(event.picture_id, event.attempt, blocked.sentence):
                self.ended(event.picture_id)
            return True
        return False

    async def _on_failed(self, event: Failed) -> None:
        job = {"job": job_id_of(event.picture_id), "tell": True}
        reason = f" ({event.reason})" if event.reason else ""
        log.warning(
            "picture %s failed at attempt %s: %s%s", event.picture_id, event.attempt, event.sentence, reason, extra=job
        )
        jobs = self._store.jobs
        if event.retryable and event.attempt < MAX_ATTEMPTS:
            if await jobs.retry(event.picture_id, event.attempt):
                await self._retry(event.picture_id)
        elif await jobs.failed(event.picture_id, event.attempt, event.sentence):
            self.ended(event.picture_id)

    async def _retry(self, picture_id: str) -> None:
        job = await retry_while_unavailable(self._store.jobs.of_picture, picture_id)
        self._service.submit([picture for picture in job.to_make() if picture.id == picture_id])

    async def _too_late(self, picture_id: str) -> None:
        """Delete the file of a picture that had ended otherwise when it was finished, as by being cancelled."""
        job = await self._store.jobs.of_picture(picture_id)
        if not any(row.id == picture_id for row in job.of_state(State.FINISHED)):
            await asyncio.to_thread(self._store.files.picture(picture_id).unlink, missing_ok=True)
