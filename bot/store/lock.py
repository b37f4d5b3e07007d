"""One bot on one folder: a lock that the kernel lets go when its process ends, however it ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import ConfigError


@contextmanager
def only_bot(folder: Path) -> Iterator[None]:
    """Hold the folder for this process. Raises ConfigError if another bot holds it; the command line need not."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ConfigError(
            f"storage.folder: {folder} cannot be written ({error.strerror}); "
            "make it writable for the bot's user, or name another folder"
        ) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"storage.folder: another bot (process {os.read(file, 20).decode() or 'unknown'}) runs on {folder}; "
                "stop it first, or give this one its own folder"
            ) from None
        os.truncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        yield
    finally:
        os.close(file)
