"""What this machine has: its cards, its memory, its disk."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from generation import machine

GIB = 2**30  # bytes
_QUERY = ["nvidia-smi", "--query-gpu=index,name,memory.total,memory.free", "--format=csv,noheader,nounits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """An NVIDIA card."""

    index: int
    name: str
    #: GiB
    total: float
    free: float

    @property
    def device(self) -> str:
        """Its name in generation.devices."""
        return f"cuda:{self.index}"


def cards() -> list[Card]:
    """The NVIDIA cards that the driver sees; none without a driver."""
    try:
        said = subprocess.run(_QUERY, capture_output=True, text=True, check=True, timeout=10).stdout  # noqa: S603
        rows = [[part.strip() for part in line.split(",")] for line in said.splitlines()]
        return [
            Card(index=int(index), name=name, total=float(total) / 1024, free=float(free) / 1024)
            for index, name, total, free in rows
        ]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


def memory() -> float:
    """GiB of memory that this process may use."""
    return machine.memory() / GIB


def free_disk(folder: Path) -> float:
    """Free GB (10⁹ bytes) on the disk of a folder, which need not exist yet."""
    there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(there).free / 1e9
