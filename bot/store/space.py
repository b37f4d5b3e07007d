"""Whether the disk has room for what is made: asked before anything is accepted."""

import shutil
from pathlib import Path

LEAST_FREE = 64 * 2**20  # bytes: some pictures of each size, and the database's log

LEAST_SHARE = 8  # of a small disk an eighth is enough


def disk_trouble(folder: Path) -> str:
    """A sentence for the operator if the disk of ``folder`` is full; empty if it has room. Blocks briefly."""
    try:
        total, _, free = shutil.disk_usage(folder)
    except OSError as error:
        return f"storage.folder: {folder} cannot be looked at: {error.strerror}."
    needed = min(LEAST_FREE, total // LEAST_SHARE)
    if free >= needed:
        return ""
    return (
        f"storage.folder: only {free / 2**20:.0f} MiB are free on the disk of {folder}; no requests are taken until "
        f"{needed / 2**20:.0f} MiB are."
    )
