"""Whether the disk has room for what is made: asked before anything is accepted."""

import shutil
from pathlib import Path

LEAST_FREE = 64 * 2**20  # bytes: some pictures of each size, and the database's log


def disk_trouble(folder: Path) -> str:
    """A sentence for the operator if the disk of ``folder`` is full; empty if it has room. Blocks briefly."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"storage.folder: {folder} cannot be looked at: {error.strerror}."
    if free >= LEAST_FREE:
        return ""
    return (
        f"storage.folder: only {free / 2**20:.0f} MiB are free on the disk of {folder}; no requests are taken until "
        f"{LEAST_FREE // 2**20} MiB are."
    )
