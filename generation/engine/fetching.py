"""Downloads of models' files in threads, and the pictures that wait for them."""

import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic

from ..errors import ModelError
from ..types import LoraSpec, ModelSpec
from .picture_run import Run

log = logging.getLogger(__name__)


@dataclass
class _Fetch:
    """A model that is being downloaded, and the pictures that wait for it."""

    spec: ModelSpec | LoraSpec
    since: float = field(default_factory=monotonic)
    done: Future[None] = field(default_factory=Future)
    runs: list[Run] = field(default_factory=list)

    def work(self, fetch: Callable[[ModelSpec | LoraSpec], object]) -> None:
        """Download, in a thread."""
        try:
            fetch(self.spec)
        except Exception as error:  # noqa: BLE001 - reported by take_ready()
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


class DownloadQueue:
    """Models that are being downloaded, each in a thread, and the pictures that wait for them, oldest first."""

    def __init__(self, fetch: Callable[[ModelSpec | LoraSpec], object]) -> None:
        """``fetch`` downloads a model's files; it raises ModelError if that is not possible."""
        self._fetch = fetch
        self._fetches: dict[str, _Fetch] = {}

    def __len__(self) -> int:
        """Return how many pictures wait."""
        return sum(len(fetch.runs) for fetch in self._fetches.values())

    @property
    def models(self) -> frozenset[str]:
        """Ids of the models that are being downloaded."""
        return frozenset(self._fetches)

    @property
    def since(self) -> float | None:
        """monotonic() at the start of the oldest download; None if there is none. Safe in any thread."""
        return min((fetch.since for fetch in list(self._fetches.values())), default=None)

    def enqueue(self, spec: ModelSpec | LoraSpec, *runs: Run) -> None:
        """Start downloading a model unless that has begun, and let pictures wait for it."""
        fetch = self._fetches.get(spec.id)
        if fetch is None:
            fetch = self._fetches[spec.id] = _Fetch(spec)
            # Not in a pool: at exit the process would wait for its threads, however long they take.
            Thread(target=fetch.work, args=(self._fetch,), name=f"fetch-{spec.id}", daemon=True).start()
        fetch.runs.extend(runs)

    def cancel(self, picture_id: str) -> None:
        """Cancel a waiting picture; the download goes on."""
        for fetch in self._fetches.values():
            for run in [run for run in fetch.runs if run.picture.id == picture_id]:
                fetch.runs.remove(run)
                run.cancel()

    def take_ready(self) -> list[Run]:
        """Return the pictures whose models have arrived; those whose models cannot be downloaded fail."""
        ready: list[Run] = []
        for name, fetch in list(self._fetches.items()):
            if not fetch.done.done():
                continue
            del self._fetches[name]
            error = fetch.done.exception()
            if error is None:
                ready += fetch.runs
                continue
            if not isinstance(error, ModelError):
                log.error("%s cannot be downloaded", name, exc_info=error)
                error = ModelError("{model} cannot be loaded right now; choose another model.", model=fetch.spec.title)
            for run in fetch.runs:  # not tried again here: that would stop every picture in flight
                run.end_with(error)
        return ready

    def wait(self, seconds: float) -> None:
        """Return once a download has ended, or after ``seconds``."""
        wait([fetch.done for fetch in self._fetches.values()], seconds, FIRST_COMPLETED)
