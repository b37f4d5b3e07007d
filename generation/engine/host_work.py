"""Work that the device has no part in: reading inputs, enlarging, encoding."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Event
from typing import TypeVar

from .device import Device
from .step_batcher import RunCancelled, StepBatcher

T = TypeVar("T")

THREADS = 2  # beside a GPU: encoding a large picture takes as long as many a step

#: called now and then by work that takes long; raises RunCancelled if nobody waits for it
Pause = Callable[[], None]


class Background:
    """Runs work in threads beside a GPU, so that the engine's thread only feeds that.

    On a CPU it runs at once: its cores are busy with the pictures already, and others go on whenever it pauses.
    """

    def __init__(self, batcher: StepBatcher, device: Device) -> None:
        """Start no thread before one is needed."""
        self._batcher = batcher
        self._pool = ThreadPoolExecutor(THREADS, "picture") if device.asynchronous else None

    def run(self, work: Callable[[Pause], T]) -> T:
        """Within a pipeline: return what ``work`` returns; raises what it raises, and RunCancelled."""
        if self._pool is None:
            return work(self._batcher.pause)
        cancelled = Event()
        future = self._pool.submit(work, partial(_check, cancelled))
        future.add_done_callback(lambda _: self._batcher.wake.set())
        try:
            self._batcher.wait_for(future)
        except RunCancelled:
            cancelled.set()
            raise
        return future.result()

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Run short work and return its result's future."""
        if self._pool is not None:
            return self._pool.submit(work)
        done: Future[T] = Future()
        done.set_result(work())
        return done


def _check(cancelled: Event) -> None:
    if cancelled.is_set():
        raise RunCancelled
