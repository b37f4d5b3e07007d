"""What the first download of a model recorded: which commit, and which files. Loading keeps to it. Blocks."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from .errors import ModelError


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedFile:
    """A file of a repository."""

    name: str
    #: bytes
    size: int
    #: as the hub reports it, which it does only for large files
    sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """The commit of a repository, and its files that a model or LoRA needs."""

    #: hub repository
    source: str
    revision: str
    files: tuple[PinnedFile, ...]

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)


Pins = Mapping[str, Pin]  # by the id of the model or LoRA


def read_pins(path: Path) -> dict[str, Pin]:
    """Return the recorded pins; empty if there is no such file. Raises ModelError if it cannot be read."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {
            name: Pin(**{**entry, "files": tuple(PinnedFile(**file) for file in entry["files"])})
            for name, entry in entries.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(
            "{path}: cannot be read ({error}); remove it, and “models pin” writes a new one.",
            path=str(path), error=str(error),
        ) from error  # fmt: skip


def write_pins(path: Path, pins: Pins) -> None:
    """Replace the file atomically: a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    entries = {name: asdict(pin) for name, pin in sorted(pins.items())}
    new.write_text(json.dumps(entries, indent=1), encoding="utf-8")
    new.replace(path)


def forget(path: Path, names: Iterable[str]) -> None:
    """Remove these from the file."""
    gone = set(names)
    write_pins(path, {name: pin for name, pin in read_pins(path).items() if name not in gone})
