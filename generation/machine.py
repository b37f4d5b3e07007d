"""Cores and memory that this process may use: a container may have less than the machine."""

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path

GIB = 2**30  # bytes
MODELS_SHARE = 0.6  # of the machine's memory, for models that are kept loaded
CGROUP = Path("/sys/fs/cgroup")  # version 2, as containers see their own


def cores(cgroup: Path = CGROUP) -> int:
    """Return how many cores may be kept busy, at least one."""
    found = len(os.sched_getaffinity(0))
    with suppress(OSError, ValueError):  # not in a group, or "max", which is no number
        quota, period = (cgroup / "cpu.max").read_text().split()
        found = min(found, int(quota) // int(period))
    return max(1, found)


def memory(cgroup: Path = CGROUP) -> int:
    """Return the bytes of memory that may be used."""
    found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError):
        found = min(found, int((cgroup / "memory.max").read_text()))
    return found


def models_budget(devices: int) -> float:
    """GiB for the models that each of so many devices' processes keeps loaded."""
    return memory() / GIB * MODELS_SHARE / devices


def give_back() -> None:
    """Return freed memory to the operating system.

    glibc keeps it if something above it is still in use: hundreds of megabytes over a day of batches of all sizes.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)
