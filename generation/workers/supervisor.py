"""Keeps a child process for each device of this machine: started, watched, and started again after it ended."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

from ..errors import Sentence
from ..events import Event
from ..machine import models_budget
from ..types import ModelSpec
from .local import LocalWorker
from .worker import Room, Worker

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0  # seconds between two looks for stalled workers
#: seconds before a child that died is started again, doubled each time; at least START_PAUSE if it cannot start
FIRST_PAUSE, START_PAUSE, LONGEST_PAUSE = 0.5, 4.0, 300.0


class Supervisor:
    """The workers of this machine's devices, each known by its device's place. All methods run on the event loop."""

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        devices: Sequence[str],
        threads: int,
        folder: Path | None,
        stalled_after: float,
        *,
        on_start: Callable[[Worker], None],
        on_event: Callable[[Worker, Event | Room], None],
        on_exit: Callable[[Worker], None],
        on_trouble: Callable[[], None],
        exact: bool,
    ) -> None:
        """``stalled_after`` is how many seconds a worker that has work may give no sign of life.

        ``on_trouble`` is called when what trouble() says has changed; the rest is as for LocalWorker.
        """
        self._specs = specs
        self._devices = devices
        self._threads = threads
        self._folder = folder
        self._stalled_after = stalled_after
        self._on_start = on_start
        self._on_event = on_event
        self._on_exit = on_exit
        self._on_trouble = on_trouble
        self._exact = exact
        self._workers: dict[int, LocalWorker] = {}
        self._pauses = [FIRST_PAUSE] * len(devices)
        #: how often in a row a child ended before it was ready
        self._failed_starts = [0] * len(devices)
        #: why workers could not start, by the place of their device, until one does
        self._troubles: dict[int, Sentence] = {}
        #: how often workers ended by themselves, by device and ending
        self.exits: Counter[tuple[str, str]] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start a worker for each device."""
        for place in range(len(self._devices)):
            self._start(place)
        self._spawn(self._watch())

    def stop(self) -> None:
        """Start no more workers; the caller closes those that there are."""
        for task in self._tasks:
            task.cancel()

    def trouble(self) -> list[Sentence]:
        """Return why workers cannot start, one sentence for each device."""
        return list(self._troubles.values())

    def may_work(self) -> bool:
        """Whether a device is known to work, or it is not known yet that none does."""
        return len(self._troubles) < len(self._devices)

    def note_ready(self, worker: Worker) -> None:
        """Forget the trouble of a device whose worker can make pictures."""
        for place in [place for place, each in self._workers.items() if each is worker and place in self._troubles]:
            del self._troubles[place]
            self._on_trouble()
            told = {"tell": True, "device": worker.device}
            log.warning("pictures can be made on %s again", worker.device, extra=told)

    def _start(self, place: int) -> None:
        log.info("the worker on %s starts", self._devices[place])
        worker = self._workers[place] = LocalWorker(
            self._specs,
            self._devices[place],
            self._threads,
            models_budget(len(self._devices)),
            self._folder,
            on_event=self._on_event,
            on_exit=partial(self._on_end, place),
            exact=self._exact,
        )
        self._on_start(worker)

    def _on_end(self, place: int, worker: Worker) -> None:
        """Note that a child is dead; another one takes its place after a pause."""
        ending = worker.ending or "it is not known how"
        self.exits[worker.device, worker.ending or "unknown"] += 1
        if not worker.trouble:
            told = {"device": worker.device}
            log.error(
                "the worker on %s ended (%s) with %d pictures", worker.device, ending, len(worker.running), extra=told
            )
        if worker.capacity:
            self._pauses[place] = FIRST_PAUSE
            self._failed_starts[place] = 0
        else:  # it ended before it was ready, and so may the next; once that may have been chance
            self._failed_starts[place] += 1
            if worker.trouble or self._failed_starts[place] > 1:
                self._pauses[place] = max(self._pauses[place], START_PAUSE)
                self._note_trouble(place, worker.trouble or f"its process ended before it was ready ({ending})")
        del self._workers[place]
        self._on_exit(worker)
        self._spawn(self._restart(place))

    def _note_trouble(self, place: int, reason: str) -> None:
        found = no_pictures_on(self._devices[place], reason)
        if self._troubles.get(place) != found:
            self._troubles[place] = found
            self._on_trouble()
            log.error(
                "%s; it is tried again at most %.0f seconds after each try", found, LONGEST_PAUSE,
                extra={"device": self._devices[place]},
            )  # fmt: skip

    async def _restart(self, place: int) -> None:
        while place not in self._workers:
            await asyncio.sleep(self._pauses[place])
            self._pauses[place] = min(2 * self._pauses[place], LONGEST_PAUSE)
            try:
                self._start(place)
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


def no_pictures_on(device: str, reason: str) -> Sentence:
    """Why a device, or the cluster at an address, makes no pictures; for the operator."""
    return Sentence("No pictures can be made on {device}: {reason}", {"device": device, "reason": reason})
