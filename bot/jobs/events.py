"""What the generation module says of pictures, as it comes: shown, kept, moved on in the database, tried again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from bot.errors import Refusal, Unavailable
from bot.jobs.library import PictureLibrary
from bot.jobs.progress import ProgressBoard
from bot.moderation.policy import HeldBack, Moderation
from bot.store import State, Store
from bot.text.sanitize import escape_for_discord
from generation import Cancelled, Event, Failed, Finished, Noted, Preview, Progress, Service, Started

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before what disk or database did not take is tried again
MAX_NOTE = 400  # characters of what the generation module says of a picture
MAX_ATTEMPTS = 2  # a picture whose worker died is tried once more, alone


async def retry_while_unavailable(work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` returns, which is tried again and again while disk or database cannot be used."""
    pause = FIRST_PAUSE
    while True:
        try:
            return await work(*args, **kwargs)
        except Unavailable:
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)


class EventConsumer:
    """Handles events one after the other."""

    def __init__(
        self,
        store: Store,
        service: Service,
        moderation: Moderation,
        board: ProgressBoard,
        library: PictureLibrary,
        on_ended: Callable[[str], None],
    ) -> None:
        self._store = store
        self._service = service
        self._moderation = moderation
        self._board = board
        self._library = library
        #: told of a picture that waits or runs no more, right after that was committed: a handler that is tried again
        #: would not come here a second time, so this may not fail
        self._on_ended = on_ended

    async def run(self) -> None:
        """Follow the generation module's events until it closes."""
        async for event in self._service.events():
            try:
                await retry_while_unavailable(self._on_event, event)  # nothing that was made is dropped
            except Exception:
                log.exception("what happened to picture %s could not be handled", event.picture_id)
                if isinstance(event, Finished | Failed | Cancelled):
                    await self._give_back(event)

    async def make_again(self, picture_id: str) -> None:
        """Queue a picture of which the database knows that it is to be made."""
        job = await retry_while_unavailable(self._store.jobs.of_picture, picture_id)
        self._service.submit([picture for picture in job.to_make() if picture.id == picture_id])

    async def _give_back(self, event: Event) -> None:
        """A picture whose end we stumbled over must not wait for ever."""
        sentence = Refusal("I stumbled over this picture when it was made; please tell the operator.")
        try:
            if await self._store.jobs.failed(event.picture_id, event.attempt, sentence.template, sentence.params):
                self._on_ended(event.picture_id)
        except Exception:
            log.exception("picture %s waits for the next start", event.picture_id)

    async def _on_event(self, event: Event) -> None:
        jobs = self._store.jobs
        match event:
            case Progress() | Preview():
                self._board.update(event)
            case Noted():
                await self._on_noted(event)
            case Started(picture_id=picture_id, attempt=attempt):
                await jobs.started(picture_id, attempt)
            case Finished():
                await self._on_finished(event)
            case Failed(picture_id=picture_id):
                self._library.made_again(picture_id)
                await self._on_failed(event)
            case Cancelled(picture_id=picture_id, attempt=attempt):
                if await jobs.cancelled(picture_id, attempt):
                    self._on_ended(picture_id)

    async def _on_finished(self, event: Finished) -> None:
        if await self._held_back(event):
            return
        await asyncio.to_thread(self._store.files.keep_picture, event.picture_id, event.png)
        again = self._library.made_again(event.picture_id)
        if await self._store.jobs.finished(event.picture_id, event.attempt, event.seconds):
            self._on_ended(event.picture_id)
        elif not again:
            await self._too_late(event.picture_id)

    async def _on_noted(self, event: Noted) -> None:
        said = {
            name: escape_for_discord(said, MAX_NOTE) if isinstance(said, str) else said
            for name, said in event.params.items()
        }
        await self._store.jobs.add_note(event.picture_id.partition(":")[0], event.template, said)

    async def _held_back(self, event: Finished) -> bool:
        """Whether the output filter holds a picture back: it is not kept, counts as failed, and is not charged."""
        job = await self._store.jobs.get(event.picture_id.partition(":")[0])
        if job is None:
            return True  # its member deleted all that was kept about him
        try:
            await self._moderation.check_made(job, event.png)
        except HeldBack as held:
            self._library.made_again(event.picture_id)
            if await self._store.jobs.failed(event.picture_id, event.attempt, held.template, held.params):
                self._on_ended(event.picture_id)
            return True
        return False

    async def _on_failed(self, event: Failed) -> None:
        log.warning("picture %s failed at attempt %s: %s", event.picture_id, event.attempt, event.template)
        jobs = self._store.jobs
        if event.retryable and event.attempt < MAX_ATTEMPTS:
            if await jobs.retry(event.picture_id, event.attempt):
                await self.make_again(event.picture_id)
        elif await jobs.failed(event.picture_id, event.attempt, event.template, event.params):
            self._on_ended(event.picture_id)

    async def _too_late(self, picture_id: str) -> None:
        """The picture was finished when it had ended otherwise, as by being cancelled: its file goes again."""
        job = await self._store.jobs.of_picture(picture_id)
        if not any(row.id == picture_id for row in job.of_state(State.FINISHED)):
            await asyncio.to_thread(self._store.files.picture(picture_id).unlink, missing_ok=True)
