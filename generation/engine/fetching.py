"""Pictures that wait for their models' files, which threads fetch while other pictures are made."""

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic

from ..errors import ModelError
from ..types import ModelSpec
from .run import Run


@dataclass
class _Fetch:
    """A model on its way, and who waits for it."""

    spec: ModelSpec
    since: float = field(default_factory=monotonic)
    done: Future[None] = field(default_factory=Future)
    runs: list[Run] = field(default_factory=list)

    def work(self, fetch: Callable[[ModelSpec], object]) -> None:
        """The thread's function."""
        try:
            fetch(self.spec)
        except Exception as error:  # noqa: BLE001 - told to those who wait, in their own thread
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


class DownloadQueue:
    """Models that are being fetched, each in a thread, and the pictures that wait for them, oldest first."""

    def __init__(self, fetch: Callable[[ModelSpec], object]) -> None:
        """``fetch`` brings a model's files onto the disk; raises ModelError where it cannot."""
        self._fetch = fetch
        self._fetches: dict[str, _Fetch] = {}

    def __len__(self) -> int:
        """How many pictures wait."""
        return sum(len(fetch.runs) for fetch in self._fetches.values())

    @property
    def models(self) -> frozenset[str]:
        """Ids of the models that are being fetched."""
        return frozenset(self._fetches)

    @property
    def since(self) -> float | None:
        """monotonic() since when a model is being fetched; None while none is. May be asked in any thread."""
        return min((fetch.since for fetch in list(self._fetches.values())), default=None)

    def enqueue(self, spec: ModelSpec, *runs: Run) -> None:
        """Fetch a model, where that is not done already, and let pictures wait until it is there."""
        fetch = self._fetches.get(spec.id)
        if fetch is None:
            fetch = self._fetches[spec.id] = _Fetch(spec)
            # Not one of a pool: those are waited for at the process's end, however long they take.
            Thread(target=fetch.work, args=(self._fetch,), name=f"fetch-{spec.id}", daemon=True).start()
        fetch.runs.extend(runs)

    def cancel(self, picture_id: str) -> None:
        """Let a picture go, where it waits; what is fetched is fetched all the same."""
        for fetch in self._fetches.values():
            for run in [run for run in fetch.runs if run.picture.id == picture_id]:
                fetch.runs.remove(run)
                run.drop()

    def take_ready(self) -> list[Run]:
        """The pictures whose models have arrived; those whose models cannot be fetched end with a sentence."""
        come: list[Run] = []
        for name, fetch in list(self._fetches.items()):
            if not fetch.done.done():
                continue
            del self._fetches[name]
            error = fetch.done.exception()
            if isinstance(error, ModelError):
                for run in fetch.runs:
                    run.fail(error.template, **error.params)
            else:  # what else went wrong goes wrong again as the model is loaded, and is told there
                come += fetch.runs
        return come

    def wait(self, seconds: float) -> None:
        """Return once a model has arrived, or after so many seconds."""
        wait([fetch.done for fetch in self._fetches.values()], seconds, FIRST_COMPLETED)
