"""Pictures on disk: what members send, by the SHA-256 of its bytes, and what was made, by the picture's id.

All of it blocks: call it in a thread.
"""

import logging
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path

from bot.errors import Unavailable
from generation.provenance import MANIFESTS_SUFFIX

log = logging.getLogger(__name__)

OWNER_ONLY = 0o700
CERTIFICATES = "certificates"  # folder of what signs
PART = ".part"  # ends the name of a file that is being written


class Files:
    """The folders ``inputs`` and ``pictures`` beside the database."""

    def __init__(self, folder: Path) -> None:
        self.inputs = folder / "inputs"
        self.pictures = folder / "pictures"
        self.certificates = folder / CERTIFICATES

    def open(self) -> None:
        """Make the folders if they are missing."""
        for folder in (self.inputs, self.pictures):
            folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)

    def sweep(self) -> None:
        """Delete what a bot that was killed left half written; only for the one bot that runs on these folders."""
        for folder in (self.inputs, self.pictures):
            for part in folder.glob(f"*{PART}"):
                part.unlink()

    def keep_input(self, png: bytes) -> Path:
        """Write a person's picture, unless it is there already; it has reached the disk when this returns.

        Raises Unavailable, as keep_picture does.
        """
        path = self.inputs / f"{sha256(png).hexdigest()}.png"
        try:
            os.utime(path)  # not touch, which would make an empty file of one that is deleted at this moment
        except FileNotFoundError:
            _write(path, png)
        return path

    def keep_manifests(self, path: Path, archive: bytes) -> None:
        """Keep the C2PA manifests that came with an input; without any, those of an earlier file are not kept either.

        The same picture may come once with and once without them, and what one person sent is not another's.
        """
        file = path.with_suffix(MANIFESTS_SUFFIX)
        if archive:
            _write(file, archive)
        else:
            file.unlink(missing_ok=True)

    def keep_picture(self, picture_id: str, png: bytes) -> None:
        """Write a finished picture; it has reached the disk when this returns."""
        _write(self.picture(picture_id), png)

    def picture(self, picture_id: str) -> Path:
        """Where the finished picture lies, or lay before it was deleted."""
        return self.pictures / f"{picture_id.replace(':', '-')}.png"

    def delete(self, picture_ids: Iterable[str], inputs: Iterable[str]) -> None:
        """Delete finished pictures, and input pictures by their names, as far as they are there."""
        kept = [self.inputs / name for name in inputs]
        manifests = [path.with_suffix(MANIFESTS_SUFFIX) for path in kept]
        for path in (*map(self.picture, picture_ids), *kept, *manifests):
            path.unlink(missing_ok=True)

    def clean(self, now: datetime, keep_days: int, in_use: frozenset[Path]) -> int:
        """Delete pictures older than ``keep_days`` that no unfinished job needs; returns how many."""
        before = (now - timedelta(days=keep_days)).timestamp()
        old = [
            path
            for folder in (self.inputs, self.pictures)
            for path in folder.iterdir()
            if path.stat().st_mtime < before and path.with_suffix(".png") not in in_use
        ]
        for path in old:
            # It may have been taken away meanwhile, or sent again.
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < before:
                    path.unlink()
        return len(old)


def _write(path: Path, data: bytes) -> None:
    """All or nothing, also when the power fails: written beside, synced, renamed, and the folder synced.

    Raises Unavailable if the disk is full or cannot be written.
    """
    # A unique name, since two members may send the same picture at the same moment.
    part = path.with_suffix(f".{secrets.token_hex(4)}{PART}")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        part.unlink(missing_ok=True)
        log.error("%s cannot be written: %s", path, error)
        raise Unavailable from error
