"""A child process that makes pictures on one device, and the parent's end of its pipe."""

import logging
import os
import queue
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from ..events import Event, Progress
from ..machine import give_back
from ..types import ModelSpec, Picture
from .child import END_SECONDS, Child, begin
from .devices import narrow, why_not
from .worker import CannotStart, Message, Room, StillLoading, Worker

if TYPE_CHECKING:
    from ..engine.engine import Engine

NICENESS = 10  # on a CPU the bot's process comes first, so that it answers in time
#: how long OpenMP's threads spin before they sleep. As they come, two of them beside any other busy process took fifty
#: times as long for a picture, each waiting in a spin for the other to be scheduled.
SPIN_COUNT = "20000"
SIGN_EVERY = 20.0  # seconds between two signs of life of a child that loads a model
LONGEST_LOADING = 7200.0  # seconds after which it stops giving them; over a slow line the largest take an hour
GIVE_BACK_EVERY = 30.0  # seconds of work between two times that a child gives freed memory back


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cancel:
    picture_id: str


class _NoDeviceError(Exception):
    """There is no such device."""


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


class LocalWorker(Worker):
    """A child process of this one."""

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        device: str,
        threads: int,
        budget: float,
        folder: Path | None,
        on_event: Callable[[Worker, Event | Room], None],
        on_exit: Callable[[Worker], None],
        *,
        exact: bool = False,
    ) -> None:
        """Start the child. ``budget`` is in GiB of the host's memory; ``folder`` keeps what it measures."""
        super().__init__(device, on_event, on_exit)
        self._child = Child(
            device,
            _child,
            (device, threads, budget, folder, exact),
            greeting=dict(specs),
            kinds=Message,
            on_messages=self._take,
            on_exit=lambda: self._on_exit(self),
        )

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._child.pid

    @property
    def ending(self) -> str:
        """How the child ended."""
        return self._child.ending

    def _give(self, picture: Picture) -> None:
        self._child.send(picture)

    def cancel(self, picture_id: str) -> None:
        """Ask it to let go of a picture that it was given."""
        self._child.send(_Cancel(picture_id=picture_id))

    def kill(self) -> None:
        """End it at once; on_exit follows."""
        self._child.kill()

    async def close(self) -> None:
        """End it and wait until it is gone; what it was making is not made."""
        await self._child.close()


def _child(
    parent: int,
    pipe: Connection,
    device: str,
    threads: int,
    budget: float,
    folder: Path | None,
    exact: bool,
) -> None:
    """Make what comes through the pipe until it ends: the child's main function."""
    begin(parent, device)
    here = narrow(device, os.environ)
    os.environ |= {"HF_HUB_DISABLE_TELEMETRY": "1", "TRANSFORMERS_VERBOSITY": "error", "GOMP_SPINCOUNT": SPIN_COUNT}
    if device == "cpu":
        os.nice(NICENESS)
    try:
        specs: Mapping[str, ModelSpec] = pipe.recv()
    except (EOFError, OSError):
        return  # the parent is gone, or closed us at once
    inbox: queue.SimpleQueue[Picture | _Cancel | None] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, inbox), daemon=True).start()
    line = _Line(pipe)
    try:
        engine = _open(specs, device, here, threads, budget, folder, exact=exact)
    except Exception as error:
        if not isinstance(error, _NoDeviceError):  # its reason says all
            logging.getLogger(__name__).exception("nothing can be made on %s", device)
        line.tell(CannotStart(str(error).partition("\n")[0] or type(error).__name__))
        return
    threading.Thread(target=_reassure, args=(engine, line), daemon=True).start()
    engine.warm_up()
    _work(engine, inbox, line)


def _open(
    specs: Mapping[str, ModelSpec],
    device: str,
    here: str,
    threads: int,
    budget: float,
    folder: Path | None,
    *,
    exact: bool,
) -> "Engine":
    """Return the engine of a device that is called ``here`` in this process. Raises whatever torch and drivers do."""
    import torch

    if device != "cpu" and (reason := why_not(device, torch)):
        raise _NoDeviceError(reason)
    from ..engine.engine import Engine, quiet_libraries

    quiet_libraries()
    return Engine(specs, here, threads, budget, folder, exact=exact)


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
    finally:  # also if memory ran out: nobody would read then
        # The parent closes us, or is gone where the kernel tells nobody: we end, also where what is being made hangs.
        inbox.put(None)
        sleep(END_SECONDS)
        os._exit(0)
