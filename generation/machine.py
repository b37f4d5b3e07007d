"""What of the machine is ours: a container, or whoever started the bot, may leave it less than there is."""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

GIB = 2**30
MODELS_SHARE = 0.6  # of the machine's memory, for models that are kept loaded
CGROUP = Path("/sys/fs/cgroup")  # version 2, as containers see their own


def cores(cgroup: Path = CGROUP) -> int:
    """How many cores may be kept busy, at least one."""
    found = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):  # not in a group, or "max", which is no number
        quota, period = (cgroup / "cpu.max").read_text().split()
        found = min(found, int(quota) // int(period))
    return max(1, found)


def memory(cgroup: Path = CGROUP) -> int:
    """Bytes of memory that may be used."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        found = min(found, int((cgroup / "memory.max").read_text()))
    return found


def models_budget(devices: int) -> float:
    """GiB for the models that each of so many devices' processes keeps loaded."""
    return memory() / GIB * MODELS_SHARE / devices


def give_back() -> None:
    """Give the system back the memory that this process has freed.

    glibc keeps it where something in use lies above it: over a day of batches of all sizes, hundreds of megabytes.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
