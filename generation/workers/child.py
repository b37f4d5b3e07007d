"""A child process and the parent's end of its pipe: started, listened to, and ended with its parent."""

import asyncio
import atexit
import logging
import multiprocessing
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import UnionType
from typing import Any

from ..logs import set_up_logging
from ..process_lifetime import end_with

log = logging.getLogger(__name__)

END_SECONDS = 5.0  # how long a child may take to end before it is killed

SECRET = re.compile(r"(TOKEN|SECRET|PASSWORD|KEY)$")  # names of variables that a child has no need of
NEEDED = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN")  # but for these, with which it fetches models


class Child:
    """The parent's end. Its callbacks run on the event loop; all of its methods are called there."""

    def __init__(
        self,
        name: str,
        main: Callable[..., None],
        arguments: tuple[Any, ...],
        greeting: object,
        kinds: type | UnionType,
        on_messages: Callable[[tuple[Any, ...]], None],
        on_exit: Callable[[], None],
        keep: tuple[str, ...] = NEEDED,
    ) -> None:
        """Start ``main(parent's process id, pipe, *arguments)``.

        ``greeting`` is the first that it is sent; it sends tuples of ``kinds``. ``keep`` names the secrets of the
        environment that it needs.
        """
        self.name = name
        self._kinds = kinds
        self._on_messages = on_messages
        self._on_exit = on_exit
        self._loop = asyncio.get_running_loop()
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=main, args=(os.getpid(), theirs, *arguments), name=f"criar-{name}", daemon=True
        )
        with _without_secrets(keep):
            self._process.start()
        # It ignores the signal with which multiprocessing ends such children at exit, and would be waited for in vain.
        atexit.register(self._process.kill)
        # Only with no copy of its end left here does the pipe end when the child does.
        theirs.close()
        threading.Thread(target=self._read, args=(greeting,), name=f"read-{name}", daemon=True).start()

    @property
    def pid(self) -> int | None:
        """The child's process id."""
        return self._process.pid

    @property
    def ending(self) -> str:
        """How it ended, such as "signal SIGKILL" or "exit status 1"; empty while it runs."""
        code = self._process.exitcode
        if code is None:
            return ""
        return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"

    def send(self, message: object) -> None:
        """Say something to the child."""
        # One that has just died is found by the reader.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._pipe.send(message)

    def kill(self) -> None:
        """End it at once; on_exit follows."""
        self._process.kill()

    async def close(self) -> None:
        """End it and wait until it is gone; on_exit does not follow."""
        self._on_exit = lambda: None
        with suppress(OSError):
            # Closing alone would not wake a reader that is blocked in it; shutting the socket down does, at both ends.
            socket.socket(fileno=os.dup(self._pipe.fileno())).shutdown(socket.SHUT_RDWR)
        await asyncio.to_thread(self._process.join, 2 * END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
            await asyncio.to_thread(self._process.join)

    def _read(self, greeting: object) -> None:
        """The reader thread: pass on what comes, until the pipe is drained and ends with the child."""
        self.send(greeting)  # from here, since more than the pipe holds waits until the child is there to take it
        with suppress(RuntimeError):  # the loop was closed before the child's last words
            while (messages := self._receive()) is not None:
                self._loop.call_soon_threadsafe(self._on_messages, messages)
            self._process.join()
            atexit.unregister(self._process.kill)
            self._loop.call_soon_threadsafe(lambda: self._on_exit())

    def _receive(self) -> tuple[Any, ...] | None:
        """What the child says next; None once it is dead. One that talks nonsense is broken, and is killed."""
        try:
            messages = self._pipe.recv()
        except (EOFError, OSError):
            return None
        except Exception:
            log.exception("the process %s sends what cannot be read; it is killed", self.name)
        else:
            if isinstance(messages, tuple) and all(isinstance(message, self._kinds) for message in messages):
                return messages
            log.error("the process %s sends what means nothing; it is killed", self.name)
        self._process.kill()
        return None


def begin(parent: int, name: str) -> None:
    """What a child's main function does first."""
    end_with(parent)  # before all that takes long, and also if it hangs later
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C and systemd reach all of us; the parent ends us in order
    set_up_logging(device=name)


@contextmanager
def _without_secrets(keep: tuple[str, ...]) -> Iterator[None]:
    """Take secrets out of the environment while a process is started: it inherits what stands there."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if SECRET.search(name) and name not in keep}
    try:
        yield
    finally:
        os.environ.update(hidden)
