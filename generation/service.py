"""The generation module as the bot sees it: pictures go in, events come out."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from pathlib import Path
from time import monotonic
from weakref import WeakSet

from .catalogue import Catalogue
from .errors import Sentence
from .estimate import MOST, Estimator, Forecast
from .events import TERMINAL, Cancelled, Event, Failed
from .machine import cores
from .queue import FairQueue
from .types import Picture, Task
from .workers.cluster import Cluster, ClusterState
from .workers.node_messages import ClusterConfig
from .workers.supervisor import Supervisor, no_pictures_on
from .workers.worker import Room, Worker

log = logging.getLogger(__name__)

STALLED_AFTER = 600.0  # seconds without a sign of life while it has work: loading a large model takes minutes
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
        *,
        exact: bool = False,
    ) -> None:
        """Serve pictures from these devices, and a cluster; without one there must be devices.

        ``folder`` keeps what workers measured of models and made of them; None forgets it. ``exact`` makes each picture
        in separate forward passes, so that its pixels do not depend on what else is made.
        """
        self._devices = devices
        self._queue = FairQueue()
        #: pictures that may have killed a worker, oldest first: each is made by a worker that has no other
        self._suspects: deque[Picture] = deque()
        #: pictures that a worker was asked to let go of, for another to make them
        self._recalled: dict[str, Picture] = {}
        #: the machines that pictures were called back from, which keep them the next time: all may have to look at
        #: their files for a moment
        self._recalled_from: dict[str, set[str]] = {}
        self._workers: list[Worker] = []
        #: workers that have said once that they can make pictures
        self._ready: WeakSet[Worker] = WeakSet()
        #: set whenever what trouble() says may have changed
        self.trouble_changed = asyncio.Event()
        #: how often models were loaded by workers that are gone, by device
        self._loads: Counter[str] = Counter()
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        #: whether no more pictures are begun
        self._held = False
        #: set whenever an event was handled
        self._handled = asyncio.Event()
        self._estimator = Estimator()
        self._forecast: Forecast | None = None
        specs = {spec.id: spec for spec in catalogue.models}
        self._supervisor = Supervisor(
            specs,
            devices,
            threads or max(1, cores() // max(1, len(devices))),
            folder,
            stalled_after,
            on_start=self._on_join,
            on_event=self._on_event,
            on_exit=self._lose,
            on_trouble=self.trouble_changed.set,
            exact=exact,
        )
        self._cluster: Cluster | None = None
        if cluster:
            config, changed = replace(cluster, exact=exact), self.trouble_changed.set
            self._cluster = Cluster(config, specs, self._on_join, self._on_event, self._on_cluster_exit, changed)

    async def start(self) -> None:
        """Start a worker for each device; pictures may be submitted before they are ready."""
        self._supervisor.start()
        if self._cluster:
            self._cluster.start()

    async def close(self) -> None:
        """End the workers; what they were making gets no event, and events() ends."""
        self._supervisor.stop()
        await asyncio.gather(*(each.close() for each in (*self._workers, self._cluster) if each))
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
        return frozenset(picture_id for worker in self._workers for picture_id in worker.running)

    def submit(self, pictures: Sequence[Picture]) -> None:
        """Queue pictures. Raises ValueError if one waits already."""
        for picture in pictures:
            if picture.attempt > 1:
                self._suspects.append(picture)
            else:
                self._queue.push(picture, monotonic())
        self._feed_all()

    def cancel(self, picture_id: str) -> None:
        """Take a picture back: at once if it waits, at the next step if it is being made."""
        suspect = next((picture for picture in self._suspects if picture.id == picture_id), None)
        if suspect:
            self._suspects.remove(suspect)
        self._recalled_from.pop(picture_id, None)
        if picture := suspect or self._queue.cancel(picture_id):
            self._events.put_nowait(Cancelled(picture_id=picture.id, attempt=picture.attempt))
        self._recalled.pop(picture_id, None)
        for worker in self._workers:
            if picture_id in worker.running:
                worker.cancel(picture_id)

    def ahead(self, picture_id: str) -> int | None:
        """How many waiting pictures are made before this one; None if it does not wait."""
        suspects = [picture.id for picture in self._suspects]
        if picture_id in suspects:
            return suspects.index(picture_id)
        ahead = self._queue.ahead(picture_id, monotonic())
        return None if ahead is None else len(suspects) + ahead

    def lacks_model(self, picture_id: str) -> bool:
        """Whether a picture waits for a model that is being fetched."""
        for worker in self._workers:
            if given := worker.running.get(picture_id):
                return not self._is_there(worker, given)
        picture = self._queue.get(picture_id)
        if picture is None or not self._workers:
            return False
        return not any(self._is_there(worker, picture) for worker in self._workers)

    def loads_model(self, picture_id: str) -> bool:
        """Whether a picture waits for its model to be loaded: by the worker that has it, or by all, just started."""
        for worker in self._workers:
            if given := worker.running.get(picture_id):
                return given.request.task is not Task.UPSCALE and given.request.model not in worker.resident
        return bool(self._workers) and not self.ready() and self.ahead(picture_id) is not None

    def waiting(self) -> int:
        """How many pictures wait."""
        return len(self._suspects) + len(self._queue)

    def estimate(self, picture_id: str) -> float | None:
        """Seconds until a waiting picture is begun, if nobody comes; None if that is not known."""
        ahead, now = self.ahead(picture_id), monotonic()
        if ahead is None:
            return None
        if self._forecast is None or now - self._forecast.at > self._forecast.fresh:
            workers = self._workers
            resident = frozenset[str]().union(*(worker.resident for worker in workers))
            devices = max(1, len(workers), len(self._devices))
            room = max(devices, sum(worker.capacity for worker in workers))
            order = chain(self._suspects, self._queue.order(MOST, now))
            self._forecast = self._estimator.forecast(order, room, devices, resident, now)
        return self._forecast.seconds(ahead, now)

    def left(self, picture_id: str) -> float | None:
        """Seconds until a picture is made, whether it waits or is being made, if nobody comes; None if not known."""
        begun = self._estimator.left(picture_id, monotonic())
        waiting = self._queue.get(picture_id)
        if begun is not None or waiting is None:
            return begun
        begins, cost = self.estimate(picture_id), self._estimator.cost(waiting.request, 1)
        return None if begins is None or cost is None else begins + sum(cost)

    def ready(self) -> bool:
        """Whether at least one worker is able to make pictures."""
        return any(worker.capacity for worker in self._workers)

    def resident(self) -> dict[str, frozenset[str]]:
        """Ids of the models that are loaded, by device."""
        found: dict[str, frozenset[str]] = {}
        for worker in self._workers:
            found[worker.device] = found.get(worker.device, frozenset()) | frozenset(worker.resident)
        return found

    def making(self) -> dict[str, int]:
        """How many pictures each device makes at once: the rows of its batches."""
        found: Counter[str] = Counter({worker.device: 0 for worker in self._workers})
        for worker in self._workers:
            found[worker.device] += len(worker.running)
        return dict(found)

    def loads(self) -> dict[str, int]:
        """How often models were loaded since the start, by device."""
        return dict(self._loads + Counter({each.device: each.loads for each in self._workers}))

    def exits(self) -> dict[tuple[str, str], int]:
        """How often workers ended by themselves since the start, by device and ending, such as "signal SIGKILL"."""
        return dict(self._supervisor.exits)

    def worker_pids(self) -> list[int]:
        """Process ids of the children."""
        return [worker.pid for worker in self._workers if worker.pid]

    def trouble(self) -> list[Sentence]:
        """Return why workers cannot start, one sentence for each device and for the cluster; empty if all is well.

        They are for the operator. What is in trouble is tried again with growing pauses. See also can_make().
        """
        if self._cluster and (reason := self._cluster.why_not()):
            return [*self._supervisor.trouble(), no_pictures_on(self._cluster.address, reason)]
        return self._supervisor.trouble()

    def can_make(self) -> bool:
        """Whether pictures can be made, here or on the cluster, or it is not known yet that they cannot."""
        if any(worker.capacity for worker in self._workers) or self._supervisor.may_work():
            return True
        return self._cluster is not None and not self._cluster.why_not()

    def cluster(self) -> ClusterState | None:
        """How it stands with the cluster; None if there is none."""
        return self._cluster.state() if self._cluster else None

    def _feed_all(self) -> None:
        for worker in self._workers:
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
            self._devices or any(other.can_make(picture) for other in self._workers)
        )

    def _is_there(self, worker: Worker, picture: Picture) -> bool:
        """Whether its model is not being downloaded to the worker's machine; otherwise others go first until it is."""
        here = (each for each in self._workers if each.site == worker.site)
        return not any(picture.request.model in each.fetching for each in here)

    def _recall(self) -> None:
        """Take back what waits for its model to be fetched to a worker's machine, since others may have it already."""
        if len({each.site for each in self._workers}) == 1:
            return
        for worker in self._workers:
            for picture in worker.running.values():
                if picture.request.model not in worker.fetching or picture.id in self._recalled:
                    continue
                before = self._recalled_from.setdefault(picture.id, set())
                if worker.site not in before:
                    before.add(worker.site)
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
            if worker not in self._ready:
                self._ready.add(worker)
                log.info("the worker on %s is ready after %.1f s", worker.device, monotonic() - worker.began)
            self._supervisor.note_ready(worker)
            self._recall()
        else:
            self._estimator.take(worker, event, monotonic())
            if not self._is_back(event):
                if isinstance(event, TERMINAL):
                    self._recalled_from.pop(event.picture_id, None)
                self._events.put_nowait(event)
        if isinstance(event, (*TERMINAL, Room)):
            self._feed_all()

    def _on_join(self, worker: Worker) -> None:
        self._workers.append(worker)

    def _on_cluster_exit(self, worker: Worker) -> None:
        self._lose(worker)
        self._feed_all()

    def _lose(self, worker: Worker) -> None:
        """Fail the pictures of a worker that is gone, and forget it."""
        self._workers.remove(worker)
        self._loads[worker.device] += worker.loads
        for picture in worker.running.values():
            self._recalled.pop(picture.id, None)
            self._recalled_from.pop(picture.id, None)
            self._events.put_nowait(
                Failed(
                    picture_id=picture.id,
                    attempt=picture.attempt,
                    template="The process that makes pictures ended while it made this one; please try again.",
                    retryable=True,
                )
            )
        self._estimator.lose(worker)
