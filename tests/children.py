"""What tests do to the bot's child processes."""

import ctypes
import os
import socket
import struct
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

PIDFD_GETFD = 438  # number of the system call, the same on all architectures


def say_to_parent(process: psutil.Process, data: bytes) -> None:
    """Send the parent a message from the child's end of their pipe, behind the child's back."""
    libc, pidfd = ctypes.CDLL(None, use_errno=True), os.pidfd_open(process.pid)
    for link in Path(f"/proc/{process.pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            if not link.readlink().as_posix().startswith("socket:"):
                continue
            number = libc.syscall(PIDFD_GETFD, pidfd, int(link.name), 0)
            if number < 0:
                pytest.skip(f"another process's pipe cannot be taken here: {os.strerror(ctypes.get_errno())}")
            with closing(socket.socket(fileno=number)) as pipe:
                if pipe.family == socket.AF_UNIX:
                    pipe.sendall(struct.pack("!i", len(data)) + data)
                    break
    os.close(pidfd)
