"""A child process that makes pictures on one device, and the parent's end of its pipe."""

import asyncio
import atexit
import logging
import multiprocessing
import os
import queue
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from .events import TERMINAL, Event, Progress
from .logs import set_up_logging
from .machine import give_back
from .process_lifetime import end_with
from .types import ModelSpec, Picture

if TYPE_CHECKING:
    from .engine.engine import Engine

log = logging.getLogger(__name__)

NICENESS = 10  # on a CPU the bot's process comes first, so that it answers in time
#: how long OpenMP's threads spin before they sleep. As they come, two of them beside any other busy process took fifty
#: times as long for a picture, each waiting in a spin for the other to be scheduled.
SPIN_COUNT = "20000"
SIGN_EVERY = 20.0  # seconds between two signs of life of a child that loads a model
LONGEST_LOADING = 7200.0  # seconds after which it gives none any more; over a slow line the largest take an hour
GIVE_BACK_EVERY = 30.0  # seconds of work between two times that a child gives freed memory back
END_SECONDS = 5.0  # how long a child may take to end before it is killed

SECRET = re.compile(r"(TOKEN|SECRET|PASSWORD|KEY)$")  # names of variables that the child has no need of
NEEDED = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")  # but for these, with which it fetches models


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What the child has loaded and downloads, and how many pictures it wants; sent when ready and on every change."""

    models: frozenset[str]
    #: models whose files are on their way
    fetching: frozenset[str]
    #: with those that it has
    pictures: int


@dataclass(frozen=True, slots=True)
class StillLoading:
    """The child is loading a model, which may take long; sent now and then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cancel:
    picture_id: str


Message = Event | Room | StillLoading


class _Line:
    """The child's end of the pipe. Progress is sent together with what follows: each message wakes the parent."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._turn = threading.Lock()
        self._waiting: list[Message] = []

    def tell(self, message: Message) -> None:
        """Say it at once, after what waits; a step waits for the others'."""
        with self._turn:
            self._waiting.append(message)
        if not isinstance(message, Progress):
            self.flush()

    def flush(self) -> None:
        """Say what waits."""
        # A parent that is gone needs no answer; the reader ends this process.
        with self._turn, suppress(OSError):
            if self._waiting:
                self._pipe.send(tuple(self._waiting))
                self._waiting.clear()


class Worker:
    """The parent's end. Its callbacks run on the event loop; all of its methods are called there."""

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        device: str,
        threads: int,
        budget: float,
        folder: Path | None,
        on_event: Callable[["Worker", Event | Room], None],
        on_exit: Callable[["Worker"], None],
    ) -> None:
        """Start the child. ``budget`` is in GiB of the host's memory; ``folder`` keeps what it measures."""
        self.device = device
        self.resident: frozenset[str] = frozenset()
        #: models that it is fetching, while it makes pictures of others
        self.fetching: frozenset[str] = frozenset()
        #: how many pictures it wants to have; none until it is ready
        self.capacity = 0
        #: pictures that it was given and that have not ended
        self.running: dict[str, Picture] = {}
        self.last_sign = monotonic()
        self._on_event = on_event
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=_child,
            args=(os.getpid(), theirs, device, threads, budget, folder),
            name=f"criar-{device}",
            daemon=True,
        )
        with _without_secrets():
            self._process.start()
        # It ignores the signal with which multiprocessing ends such children at exit, and would be waited for in vain.
        atexit.register(self._process.kill)
        # Only with no copy of its end left here does the pipe end when the child does.
        theirs.close()
        threading.Thread(target=self._read, args=(dict(specs),), name=f"read-{device}", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._process.pid

    @property
    def has_room(self) -> bool:
        """Whether it wants another picture."""
        return len(self.running) < self.capacity

    def submit(self, picture: Picture) -> None:
        """Give it a picture; it joins those that are being made at the next step."""
        if not self.running:
            self.last_sign = monotonic()
        self.running[picture.id] = picture
        self._send(picture)

    def cancel(self, picture_id: str) -> None:
        """Ask it to let go of a picture that it was given."""
        self._send(_Cancel(picture_id=picture_id))

    def kill(self) -> None:
        """End it at once; on_exit follows."""
        self._process.kill()

    async def close(self) -> None:
        """End it and wait until it is gone; what it was making is not made."""
        self._on_exit = lambda _: None
        with suppress(OSError):
            # Closing alone would not wake a reader that is blocked in it; shutting the socket down does, at both ends.
            socket.socket(fileno=os.dup(self._pipe.fileno())).shutdown(socket.SHUT_RDWR)
        await asyncio.to_thread(self._process.join, 2 * END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            await asyncio.to_thread(self._process.join)

    def _send(self, message: object) -> None:
        # A child that has just died is found by the reader, which ends its pictures.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._pipe.send(message)

    def _read(self, specs: Mapping[str, ModelSpec]) -> None:
        """Pass on what comes until the pipe ends with the child: the reader thread."""
        self._send(specs)  # from here, since more than the pipe holds waits until the child is there to take it
        with suppress(RuntimeError):  # the loop was closed before the child's last words
            while (messages := self._receive()) is not None:
                self._loop.call_soon_threadsafe(self._take_all, messages)
            self._process.join()
            atexit.unregister(self._process.kill)
            self._loop.call_soon_threadsafe(lambda: self._on_exit(self))

    def _receive(self) -> tuple[Message, ...] | None:
        """Return the child's next messages; None once it is dead. A child that sends nonsense is killed."""
        try:
            messages = self._pipe.recv()
        except (EOFError, OSError):
            return None
        except Exception:
            log.exception("the worker on %s sends what cannot be read; it is killed", self.device)
        else:
            if isinstance(messages, tuple) and all(isinstance(message, Message) for message in messages):
                return messages
            log.error("the worker on %s sends what means nothing; it is killed", self.device)
        self._process.kill()
        return None

    def _take_all(self, messages: tuple[Message, ...]) -> None:
        self.last_sign = monotonic()
        for message in messages:
            self._take(message)

    def _take(self, message: Message) -> None:
        if isinstance(message, StillLoading):
            return
        if isinstance(message, Room):
            self.resident, self.fetching, self.capacity = message.models, message.fetching, message.pictures
        elif isinstance(message, TERMINAL):
            self.running.pop(message.picture_id, None)
        self._on_event(self, message)


@contextmanager
def _without_secrets() -> Iterator[None]:
    """Take secrets out of the environment while a process is started: it inherits what stands there."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if SECRET.search(name) and name not in NEEDED}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _child(
    parent: int,
    pipe: Connection,
    device: str,
    threads: int,
    budget: float,
    folder: Path | None,
) -> None:
    """Make what comes through the pipe until it ends: the child's main function."""
    end_with(parent)  # before all that takes long, and also where it hangs later
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C and systemd reach all of us; the parent ends us in order
    set_up_logging(device=device)
    os.environ |= {"HF_HUB_DISABLE_TELEMETRY": "1", "TRANSFORMERS_VERBOSITY": "error", "GOMP_SPINCOUNT": SPIN_COUNT}
    if device == "cpu":
        os.nice(NICENESS)
    try:
        specs: Mapping[str, ModelSpec] = pipe.recv()
    except (EOFError, OSError):
        return  # the parent is gone, or closed us at once
    inbox: queue.SimpleQueue[Picture | _Cancel | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    from .engine.engine import Engine, quiet_libraries

    quiet_libraries()
    engine = Engine(specs, device, threads, budget, folder)
    line = _Line(pipe)
    threading.Thread(target=_reassure, args=(engine, line), daemon=True).start()
    engine.warm_up()
    _work(engine, inbox, line)


def _work(engine: "Engine", inbox: "queue.SimpleQueue[Picture | _Cancel | None]", line: _Line) -> None:
    """Make what comes, until None does."""
    room, busy, given_back = None, bool(engine.fetching()), monotonic()
    while True:
        now = Room(models=engine.resident(), fetching=engine.fetching(), pictures=engine.capacity())
        if now != room:
            room = now
            line.tell(room)
        # While pictures are in flight, take what has come before each step; else wait for something to come.
        while not busy or not inbox.empty():
            message = inbox.get()
            if message is None:
                return
            if isinstance(message, _Cancel):
                engine.cancel(message.picture_id)
            else:
                engine.submit(message, line.tell)
            busy = True
        busy = engine.step()
        line.flush()
        if monotonic() - given_back > GIVE_BACK_EVERY:
            give_back()
            given_back = monotonic()


def _reassure(engine: "Engine", line: _Line) -> None:
    """Give signs of life while the engine's thread loads a model: a thread of the child."""
    while True:
        sleep(SIGN_EVERY)
        if 0 < engine.loading_for() < LONGEST_LOADING:
            line.tell(StillLoading())


def _receive(pipe: Connection, inbox: "queue.SimpleQueue[Picture | _Cancel | None]") -> None:
    """Pass on what comes: the child's reader thread, since greenlets must stay in the engine's thread."""
    try:
        with suppress(EOFError, OSError):
            while True:
                inbox.put(pipe.recv())
    finally:  # also where memory ran out: nobody would read any more
        # The parent closes us, or is gone where the kernel tells nobody: we end, also where what is being made hangs.
        inbox.put(None)
        sleep(END_SECONDS)
        os._exit(0)
