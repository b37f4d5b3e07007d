"""The generation module as the bot sees it: pictures go in, events come out."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import Any

from .catalogue import Catalogue
from .estimate import MOST, Estimator, Forecast
from .events import TERMINAL, Cancelled, Event, Failed
from .machine import GIB, cores, memory
from .queue import FairQueue
from .types import Picture
from .worker import Room, Worker

log = logging.getLogger(__name__)

STALLED_AFTER = 600.0  # seconds without a sign of life while it has work: loading a large model takes minutes
LOOK_EVERY = 10.0  # seconds between two looks for stalled workers
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds before a child that died is started again
#: events that nobody has taken yet, from which on no more is begun: while the bot cannot keep what was made, as on a
#: full disk, all of it is held in memory, and this much is some hundred MB
MOST_UNHANDLED = 300
MEMORY_SHARE = 0.6  # of the machine's memory, for models that are kept loaded


class Service:
    """The fair queue and a worker for each device. All methods are called on the event loop."""

    def __init__(
        self,
        catalogue: Catalogue,
        devices: Sequence[str] = ("cpu",),
        threads: int | None = None,
        folder: Path | None = None,
        stalled_after: float = STALLED_AFTER,
    ) -> None:
        """``folder`` is where workers keep what they measured of models and made of them; None forgets it."""
        self._catalogue = catalogue
        self._devices = devices
        self._threads = threads or max(1, cores() // len(devices))
        self._stalled_after = stalled_after
        self._folder = folder
        self._queue = FairQueue()
        #: pictures that may have killed a worker, oldest first: each is made by a worker that has no other
        self._suspects: deque[Picture] = deque()
        self._workers: dict[int, Worker] = {}
        self._pauses = [FIRST_PAUSE] * len(devices)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        #: whether no more pictures are begun
        self._held = False
        #: set whenever an event was handled
        self._handled = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._estimator = Estimator()
        self._forecast: Forecast | None = None

    async def start(self) -> None:
        """Start a worker for each device; pictures may be submitted before they are ready."""
        for place in range(len(self._devices)):
            self._start_worker(place)
        self._spawn(self._watch())

    async def close(self) -> None:
        """End the workers; what they were making gets no event, and events() ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(worker.close() for worker in self._workers.values()))
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[Event]:
        """Yield events in order until closed; each attempt at a picture ends with one terminal event."""
        while (event := await self._events.get()) is not None:
            yield event
            self._events.task_done()
            self._handled.set()
            self._feed_all()

    async def drain(self) -> None:
        """Begin no more pictures; returns when those that are being made have ended and their events were handled."""
        self._held = True
        while self.running():
            self._handled.clear()
            await self._handled.wait()
        await self._events.join()

    def running(self) -> frozenset[str]:
        """Ids of the pictures that are being made."""
        return frozenset(picture_id for worker in self._workers.values() for picture_id in worker.running)

    def submit(self, pictures: Sequence[Picture]) -> None:
        """Queue pictures. Raises ValueError where one waits already."""
        for picture in pictures:
            if picture.attempt > 1:
                self._suspects.append(picture)
            else:
                self._queue.push(picture, monotonic())
        self._feed_all()

    def cancel(self, picture_id: str) -> None:
        """Take a picture back: at once where it waits, at the next step where it is being made."""
        suspect = next((picture for picture in self._suspects if picture.id == picture_id), None)
        if suspect:
            self._suspects.remove(suspect)
        if picture := suspect or self._queue.cancel(picture_id):
            self._events.put_nowait(Cancelled(picture_id=picture.id, attempt=picture.attempt))
        for worker in self._workers.values():
            if picture_id in worker.running:
                worker.cancel(picture_id)

    def ahead(self, picture_id: str) -> int | None:
        """How many waiting pictures are made before this one; None where it does not wait."""
        suspects = [picture.id for picture in self._suspects]
        if picture_id in suspects:
            return suspects.index(picture_id)
        ahead = self._queue.ahead(picture_id, monotonic())
        return None if ahead is None else len(suspects) + ahead

    def lacks_model(self, picture_id: str) -> bool:
        """Whether a picture waits for a model that is being fetched."""
        given = (worker.running.get(picture_id) for worker in self._workers.values())
        picture = self._queue.get(picture_id) or next(filter(None, given), None)
        return picture is not None and not self._is_there(picture)

    def waiting(self) -> int:
        """How many pictures wait."""
        return len(self._suspects) + len(self._queue)

    def estimate(self, picture_id: str) -> float | None:
        """Seconds until a waiting picture is begun, if nobody comes; None where that is not known."""
        ahead, now = self.ahead(picture_id), monotonic()
        if ahead is None:
            return None
        if self._forecast is None or now - self._forecast.at > self._forecast.fresh:
            workers = self._workers.values()
            resident = frozenset[str]().union(*(worker.resident for worker in workers))
            room = max(len(self._devices), sum(worker.capacity for worker in workers))
            order = chain(self._suspects, self._queue.order(MOST, now))
            self._forecast = self._estimator.forecast(order, room, len(self._devices), resident, now)
        return self._forecast.seconds(ahead, now)

    def ready(self) -> bool:
        """Whether at least one worker is able to make pictures."""
        return any(worker.capacity for worker in self._workers.values())

    def resident(self) -> dict[str, frozenset[str]]:
        """Ids of the models that are loaded, by device."""
        found: dict[str, frozenset[str]] = {}
        for worker in self._workers.values():
            found[worker.device] = found.get(worker.device, frozenset()) | frozenset(worker.resident)
        return found

    def worker_pids(self) -> list[int]:
        """Process ids of the children."""
        return [worker.pid for worker in self._workers.values() if worker.pid]

    def _start_worker(self, place: int) -> None:
        specs = {spec.id: spec for spec in self._catalogue.models}
        budget = memory() / GIB * MEMORY_SHARE / len(self._devices)
        self._workers[place] = Worker(
            specs,
            self._devices[place],
            self._threads,
            budget,
            self._folder,
            on_event=partial(self._on_event, place),
            on_exit=partial(self._on_exit, place),
        )

    def _feed_all(self) -> None:
        for worker in self._workers.values():
            self._feed(worker)

    def _feed(self, worker: Worker) -> None:
        """Give a worker pictures while it has room, image by image in the queue's order."""
        while worker.has_room and not self._held and self._events.qsize() < MOST_UNHANDLED:
            if not self._suspects:
                if any(picture.attempt > 1 for picture in worker.running.values()):
                    return
                picture = self._queue.next(monotonic(), worker.resident, self._is_there)
            elif worker.running:
                return  # all workers run empty for it: it waits no longer than what is being made takes
            else:
                picture = self._suspects.popleft()
            if picture is None:
                return
            loaded = picture.request.model in worker.resident
            self._estimator.begin(worker, picture, loaded=loaded, now=monotonic())
            worker.submit(picture)

    def _is_there(self, picture: Picture) -> bool:
        """Whether its model is not being fetched; else others go before it until that has come."""
        return not any(picture.request.model in worker.fetching for worker in self._workers.values())

    def _on_event(self, place: int, worker: Worker, event: Event | Room) -> None:
        self._pauses[place] = FIRST_PAUSE
        if not isinstance(event, Room):
            self._estimator.take(worker, event, monotonic())
            self._events.put_nowait(event)
        if isinstance(event, (*TERMINAL, Room)):
            self._feed_all()

    def _on_exit(self, place: int, worker: Worker) -> None:
        """Fail the pictures of a dead child, and start another one after a pause."""
        log.error("the worker on %s died with %d pictures; starting another", worker.device, len(worker.running))
        for picture in worker.running.values():
            self._events.put_nowait(
                Failed(
                    picture_id=picture.id,
                    attempt=picture.attempt,
                    template="The process that makes pictures ended while it made this one; please try again.",
                    retryable=True,
                )
            )
        del self._workers[place]
        self._estimator.lose(worker)
        self._spawn(self._restart(place))

    async def _restart(self, place: int) -> None:
        while place not in self._workers:
            await asyncio.sleep(self._pauses[place])
            self._pauses[place] = min(2 * self._pauses[place], LONGEST_PAUSE)
            try:
                self._start_worker(place)
            except (OSError, RuntimeError):  # no memory, process, file or thread is left to start one with
                log.exception("no worker can be started on %s; that is tried again", self._devices[place])

    async def _watch(self) -> None:
        """Kill workers that give no sign of life though they have work or are not ready yet."""
        while True:
            await asyncio.sleep(min(LOOK_EVERY, self._stalled_after / 4))
            for worker in self._workers.values():
                if (worker.running or not worker.capacity) and monotonic() - worker.last_sign > self._stalled_after:
                    log.error("the worker on %s gives no sign of life; it is killed", worker.device)
                    worker.kill()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
