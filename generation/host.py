"""What of the machine is ours: a container, or whoever started the bot, may leave it less than there is."""

import os
from contextlib import suppress
from pathlib import Path

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
