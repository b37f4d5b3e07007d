"""Members' pictures on their way to a cluster's nodes: sent as bytes under their SHA-256, and kept there. Blocks."""

import os
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

SENT_BYTES = 64 * 2**20  # that stay in the cluster's memory for further nodes
KEPT_BYTES = 2**30  # that a node keeps on its disk; what was not used for longest leaves first


class SentInputs:
    """The bot's end."""

    def __init__(self, folder: Path, put: Callable[[bytes], Any]) -> None:
        """``folder`` is what paths are relative to; ``put`` makes an object of the cluster, which nodes can copy."""
        self._folder = folder
        self._put = put
        self._sent: OrderedDict[str, tuple[int, Any]] = OrderedDict()

    def send(self, path: Path) -> tuple[str, Any]:
        """The picture's SHA-256 and its object. Raises OSError if it cannot be read, and what ``put`` does."""
        data = (self._folder / path).read_bytes()
        digest = sha256(data).hexdigest()
        if digest not in self._sent:
            self._sent[digest] = len(data), self._put(data)
        self._sent.move_to_end(digest)
        while sum(size for size, _ in self._sent.values()) > SENT_BYTES and len(self._sent) > 1:
            self._sent.popitem(last=False)
        return digest, self._sent[digest][1]


def kept_input(folder: Path, digest: str) -> Path | None:
    """The node's file with this content; None if it is not there."""
    path = folder / digest
    with suppress(FileNotFoundError):
        os.utime(path)  # so that it is not among the first to leave
        return path
    return None


def keep_input(folder: Path, digest: str, data: bytes) -> Path:
    """Write what arrived. Raises ValueError if it is not what its name says, OSError if the disk does not take it."""
    if sha256(data).hexdigest() != digest:
        raise ValueError(f"the input {digest} arrived as something else")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{digest}.{os.getpid()}.part"
    part.write_bytes(data)
    path = part.replace(folder / digest)
    with suppress(FileNotFoundError):  # another worker of this node does the same just now
        _trim(folder)
    return path


def _trim(folder: Path) -> None:
    size = 0
    for path in sorted(folder.iterdir(), key=lambda path: -path.stat().st_mtime):
        size += path.stat().st_size
        if size > KEPT_BYTES:
            path.unlink()
