"""The generation module as the bot sees it: pictures go in, events come out."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Hashable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import Any

from .catalogue import Catalogue
from .estimate import MOST, Estimator, Forecast
from .events import TERMINAL, Cancelled, Event, Failed
from .machine import cores, models_budget
from .queue import FairQueue
from .types import Picture
from .workers.cluster import Cluster, ClusterState, ClusterWorker
from .workers.local import LocalWorker
from .workers.node_messages import ClusterConfig
from .workers.worker import Room, Worker

log = logging.getLogger(__name__)

STALLED_AFTER = 600.0  # seconds without a sign of life while it has work: loading a large model takes minutes
LOOK_EVERY = 10.0  # seconds between two looks for stalled workers
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds before a child that died is started again
#: events that nobody has taken yet, from which on no more is begun: while the bot cannot keep what was made, as on a
#: full disk, all of it is held in memory, and this much is some hundred MB
MOST_UNHANDLED = 300


class Service:
    """The fair queue, a worker for each device, and those on a cluster. All methods are called on the event loop."""

    def __init__(
        self,
        catalogue: Catalogue,
        devices: Sequence[str] = ("cpu",),
        threads: int | None = None,
        folder: Path | None = None,
        stalled_after: float = STALLED_AFTER,
        cluster: ClusterConfig | None = None,
    ) -> None:
        """``folder`` is where workers keep what they measured of models and made of them; None forgets it.

        Without a ``cluster`` there must be devices."""
        self._catalogue = catalogue
        self._devices = devices
        self._threads = threads or max(1, cores() // max(1, len(devices)))
        self._stalled_after = stalled_after
        self._folder = folder
        self._queue = FairQueue()
        #: pictures that may have killed a worker, oldest first: each is made by a worker that has no other
        self._suspects: deque[Picture] = deque()
        #: pictures that a worker was asked to let go of, for another to make them
        self._recalled: dict[str, Picture] = {}
        #: by the place of their device, those of a cluster by themselves
        self._workers: dict[Hashable, Worker] = {}
        self._pauses = [FIRST_PAUSE] * len(devices)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        #: whether no more pictures are begun
        self._held = False
        #: set whenever an event was handled
        self._handled = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._estimator = Estimator()
        self._forecast: Forecast | None = None
        specs = {spec.id: spec for spec in catalogue.models}
        self._cluster = cluster and Cluster(cluster, specs, self._on_join, self._on_event, self._on_cluster_exit)

    async def start(self) -> None:
        """Start a worker for each device; pictures may be submitted before they are ready."""
        for place in range(len(self._devices)):
            self._start_worker(place)
        if self._cluster:
            self._cluster.start()
        self._spawn(self._watch())

    async def close(self) -> None:
        """End the workers; what they were making gets no event, and events() ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*(each.close() for each in (*self._workers.values(), self._cluster) if each))
        self._events.put_nowait(None)

    async def events(self) -> AsyncIterator[Event]:
        """What happens, in order; each attempt at a picture ends with one terminal event. Ends when closed."""
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
        self._recalled.pop(picture_id, None)
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
        for worker in self._workers.values():
            if given := worker.running.get(picture_id):
                return not self._is_there(worker, given)
        picture = self._queue.get(picture_id)
        if picture is None or not self._workers:
            return False
        return not any(self._is_there(worker, picture) for worker in self._workers.values())

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
            devices = max(1, len(workers), len(self._devices))
            room = max(devices, sum(worker.capacity for worker in workers))
            order = chain(self._suspects, self._queue.order(MOST, now))
            self._forecast = self._estimator.forecast(order, room, devices, resident, now)
        return self._forecast.seconds(ahead, now)

    def worker_pids(self) -> list[int]:
        """Process ids of the children."""
        return [worker.pid for worker in self._workers.values() if worker.pid]

    def cluster(self) -> ClusterState | None:
        """How it stands with the cluster; None if there is none."""
        return self._cluster.state() if self._cluster else None

    def _start_worker(self, place: int) -> None:
        specs = {spec.id: spec for spec in self._catalogue.models}
        self._workers[place] = LocalWorker(
            specs,
            self._devices[place],
            self._threads,
            models_budget(len(self._devices)),
            self._folder,
            on_event=self._on_event,
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
                picture = self._queue.next(monotonic(), worker.resident, partial(self._suits, worker))
            elif worker.running:
                return  # all workers run empty for it: it waits no longer than what is being made takes
            else:
                picture = next((each for each in self._suspects if self._can_make(worker, each)), None)
                if picture:
                    self._suspects.remove(picture)
            if picture is None:
                return
            loaded = picture.request.model in worker.resident
            self._estimator.begin(worker, picture, loaded=loaded, now=monotonic())
            worker.submit(picture)

    def _suits(self, worker: Worker, picture: Picture) -> bool:
        return self._is_there(worker, picture) and self._can_make(worker, picture)

    def _can_make(self, worker: Worker, picture: Picture) -> bool:
        """Whether the worker has its model's files, or nobody has: then it ends with the worker's sentence."""
        return worker.can_make(picture) or not (
            self._devices or any(other.can_make(picture) for other in self._workers.values())
        )

    def _is_there(self, worker: Worker, picture: Picture) -> bool:
        """Whether its model is not being fetched to the worker's machine; else others go before it until that has
        come."""
        here = (each for each in self._workers.values() if each.site == worker.site)
        return not any(picture.request.model in each.fetching for each in here)

    def _recall(self, worker: Worker) -> None:
        """Take back what waits for its model to be fetched to a worker's machine, since others may have it already."""
        if len({each.site for each in self._workers.values()}) == 1:
            return
        for picture in worker.running.values():
            if picture.request.model in worker.fetching and picture.id not in self._recalled:
                self._recalled[picture.id] = picture
                worker.cancel(picture.id)

    def _is_back(self, event: Event) -> bool:
        """Whether the event says that the worker let go of a picture that was recalled; it waits again."""
        picture = self._recalled.pop(event.picture_id, None) if isinstance(event, TERMINAL) else None
        if picture is None or not isinstance(event, Cancelled):
            return False
        self.submit([picture])
        return True

    def _on_event(self, worker: Worker, event: Event | Room) -> None:
        if isinstance(event, Room):
            self._recall(worker)
        else:
            self._estimator.take(worker, event, monotonic())
            if not self._is_back(event):
                self._events.put_nowait(event)
        if isinstance(event, (*TERMINAL, Room)):
            self._feed_all()

    def _on_exit(self, place: int, worker: Worker) -> None:
        """The child is dead, and another one takes its place after a pause."""
        log.error("the worker on %s died with %d pictures; starting another", worker.device, len(worker.running))
        if worker.capacity:  # else it died before it was ready, and so may the next
            self._pauses[place] = FIRST_PAUSE
        del self._workers[place]
        self._lose(worker)
        self._spawn(self._restart(place))

    def _on_join(self, worker: ClusterWorker) -> None:
        self._workers[worker] = worker

    def _on_cluster_exit(self, worker: Worker) -> None:
        del self._workers[worker]
        self._lose(worker)
        self._feed_all()

    def _lose(self, worker: Worker) -> None:
        """A worker is gone: its pictures failed, and what it says later is not heard."""
        for picture in worker.running.values():
            self._recalled.pop(picture.id, None)
            self._events.put_nowait(
                Failed(
                    picture_id=picture.id,
                    attempt=picture.attempt,
                    template="The process that makes pictures ended while it made this one; please try again.",
                    retryable=True,
                )
            )
        self._estimator.lose(worker)

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
