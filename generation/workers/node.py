"""The actor on a cluster's node, which keeps a child process there and passes on what that says.

The child is the same as on the bot's machine. Knows nothing of Ray but that inputs are awaited.
"""

import asyncio
import logging
import os
import socket
import sys
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

from ..events import Cancelled, Failed, Finished, Preview, Progress
from ..machine import models_budget
from ..types import LoraSpec, ModelSpec, Picture
from .cards import Card
from .inputs import keep_input, kept_input
from .local import LocalWorker
from .node_messages import Report, Specs, WorkerState
from .release import PACKAGE, installed, release
from .worker import Message

log = logging.getLogger(__name__)

PROGRESS_EVERY = 0.5  # seconds for which steps are gathered: each answer costs a node and the bot some milliseconds
SIGN_EVERY = 2.0  # seconds after which it answers even if there is nothing to say
#: seconds after which, when nobody asked it for news, it is cut off or forgotten, and leaves its card to others
LEASE = 30.0
BATCH_BYTES = 8 * 2**20  # of pictures in one answer, above which the rest waits for the next one
OWN = "criar:"  # begins the source of what comes with the package, which lies elsewhere on each machine

CACHE = "XDG_CACHE_HOME"  # the variable that names the folder for what can be made again


class NodeWorker:
    """One card of one node. Its constructor takes nothing, so that another release's bot can still greet it."""

    def __init__(self) -> None:
        self._folder = Path(os.environ.get(CACHE) or Path.home() / ".cache") / "criar"
        self._worker: LocalWorker | None = None
        self._said: list[Message] = []
        self._news = asyncio.Event()
        #: makes news of the steps that were gathered
        self._gathering: asyncio.TimerHandle | None = None
        self._ended = False
        #: pictures that wait for their inputs
        self._coming: set[str] = set()
        self._asked = monotonic()

    async def hello(self) -> tuple[str, str, str]:
        """Release, host name and the libraries' versions."""
        versions = ", ".join(f"{name} {installed(name)}" for name in ("torch", "diffusers"))
        return await asyncio.to_thread(release), socket.gethostname(), versions

    async def start(self, specs: Specs, card: Card, *, exact: bool = False) -> frozenset[str]:
        """Start the child; the ids of models and LoRAs whose files are not on this machine."""
        # Spawned children import what is the main module here, and that is Ray's.
        if hasattr(main := sys.modules["__main__"], "__file__"):
            del main.__file__
        os.environ["OMP_NUM_THREADS"] = str(card.threads)  # Ray allows its actors one
        here = {name: _unpacked(spec) for name, spec in specs.items()}
        self._worker = LocalWorker(
            here,
            "cpu" if card.number is None else "cuda",  # Ray shows it its own card only
            card.threads,
            models_budget(card.neighbours),
            self._folder / ("cpu" if card.number is None else f"gpu{card.number}"),  # what is measured is the card's
            on_event=lambda _, event: self._say(event),
            on_exit=lambda _: self._end(),
            exact=exact,
        )
        self._watch()
        wanted: list[ModelSpec | LoraSpec] = [*here.values(), *(lora for spec in here.values() for lora in spec.loras)]
        return frozenset(spec.id for spec in wanted if not _is_here(spec))

    async def submit(self, picture: Picture, inputs: Sequence[tuple[str, Awaitable[bytes]]]) -> None:
        """Make a picture; ``inputs`` are the bytes of its images, each with its SHA-256."""
        try:
            if inputs:
                self._coming.add(picture.id)
                images = tuple([await self._input(name, data) for name, data in inputs])
                if picture.id not in self._coming:
                    return
                self._coming.discard(picture.id)
                picture = replace(picture, request=replace(picture.request, images=images))
            if self._worker:
                self._worker.submit(picture)
        except Exception:
            log.exception("the inputs of picture %s did not arrive", picture.id)
            self._say(
                Failed(
                    picture_id=picture.id,
                    attempt=picture.attempt,
                    template="The machine that was to make this picture did not get its input; please try again.",
                    retryable=True,
                )
            )

    async def cancel(self, picture_id: str, attempt: int) -> None:
        """Let a picture go."""
        if picture_id in self._coming:
            self._coming.discard(picture_id)
            self._say(Cancelled(picture_id=picture_id, attempt=attempt))
        elif self._worker:
            self._worker.cancel(picture_id)

    async def take(self) -> Report:
        """What was said since the last time, as soon as there is something; nothing after SIGN_EVERY."""
        self._asked = monotonic()
        with suppress(TimeoutError):
            async with asyncio.timeout(SIGN_EVERY):
                await self._news.wait()
        taken, size = 0, 0
        while taken < len(self._said) and size < BATCH_BYTES:
            size += _size(self._said[taken])
            taken += 1
        messages, self._said = tuple(self._said[:taken]), self._said[taken:]
        ended = self._ended and not self._said
        if not (self._said or self._ended):
            self._news.clear()
        self._asked = monotonic()
        if self._worker is None:
            return Report(messages=messages, ended=ended)
        silent = monotonic() - self._worker.last_sign
        return Report(messages=messages, silent=silent, ended=ended, trouble=self._worker.trouble)

    async def status(self) -> WorkerState:
        """For the operator."""
        found, _, versions = await self.hello()
        if self._worker is None:
            return WorkerState(release=found, versions=versions)
        making = {name: picture.request.model for name, picture in self._worker.running.items()}
        worker = self._worker
        return WorkerState(
            release=found, versions=versions, models=worker.resident, fetching=worker.fetching, making=making
        )

    def _say(self, message: Message) -> None:
        self._said.append(message)
        if not isinstance(message, Progress):
            self._news.set()
        elif not self._gathering:
            self._gathering = asyncio.get_running_loop().call_later(PROGRESS_EVERY, self._tell_progress)

    def _tell_progress(self) -> None:
        self._gathering = None
        self._news.set()

    def _end(self) -> None:
        self._ended = True
        self._news.set()

    def _watch(self) -> None:
        """End this process when nobody asks for news: the bot is gone, or a network lies between us."""
        if (left := self._asked + LEASE - monotonic()) > 0:
            asyncio.get_running_loop().call_later(left, self._watch)
            return
        log.error("nobody has asked for %d seconds; this worker ends", LEASE)
        os._exit(0)  # the kernel ends the child

    async def _input(self, digest: str, data: Awaitable[bytes]) -> Path:
        """The file with this content; it is fetched once for all workers of the node."""
        folder = self._folder / "inputs"
        if (path := await asyncio.to_thread(kept_input, folder, digest)) is None:
            path = await asyncio.to_thread(keep_input, folder, digest, await data)
        return path


def packed(spec: ModelSpec) -> ModelSpec:
    """The entry with the paths of what comes with the package so written that another machine understands them."""
    loras = tuple(replace(lora, source=_packed(lora.source)) for lora in spec.loras)
    return replace(spec, source=_packed(spec.source), base=spec.base and _packed(spec.base), loras=loras)


def _packed(source: str) -> str:
    path = Path(source)
    return f"{OWN}{path.relative_to(PACKAGE)}" if path.is_relative_to(PACKAGE) else source


def _unpacked(spec: ModelSpec) -> ModelSpec:
    def here(source: str) -> str:
        return str(PACKAGE / source.removeprefix(OWN)) if source.startswith(OWN) else source

    loras = tuple(replace(lora, source=here(lora.source)) for lora in spec.loras)
    return replace(spec, source=here(spec.source), base=spec.base and here(spec.base), loras=loras)


def _is_here(spec: ModelSpec | LoraSpec) -> bool:
    """Whether the folders and files that it names exist; what is fetched from a hub names none."""
    sources = (spec.source, getattr(spec, "base", None) or "")
    return all(Path(source).exists() for source in sources if Path(source).is_absolute())


def _size(message: Message) -> int:
    match message:
        case Finished(png=data) | Preview(jpeg=data):
            return len(data)
    return 0
