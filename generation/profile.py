"""How many rows of a forward pass pay: measured within real work, and remembered on disk.

A row is one entry of a denoiser's batch; with guidance most pipelines take two a picture. Twice as many rows are tried
as soon as so many wait, and kept where they gain at least GAIN in rows a second.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_Key = tuple[str, int, int, str]

FILE = "rows.json"
GAIN = 1.05  # in rows a second, for twice the rows to be worth their latency
SAMPLES = 12  # forward passes before a number of rows is judged, by the fastest
#: forward passes after which what did not pay is tried again, since the machine may have been busy; each time twice as
#: many as before, up to SELDOM: for as long as it is tried, more pictures are made at once than pays
AGAIN, SELDOM = 2048, 32768
FULL = 0.75  # share of a number of rows above which a forward pass tells about it
MOST = 64  # rows; beyond it no device was seen to gain


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What must agree before two pictures can share a forward pass."""

    model: str
    #: size in pixels at which the pipeline works
    width: int
    height: int
    #: adapters with their weights
    loras: tuple[tuple[str, float], ...] = ()
    #: of the model's numbers, such as "bf16"; empty until it is loaded
    precision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of a model at a size on a device."""

    model: str
    width: int
    height: int
    #: with the card's name, where it is one
    device: str
    #: of the model's numbers, such as "bf16"
    precision: str
    #: of the libraries, such as "torch 2.13.0, diffusers 0.42.1"
    versions: str
    #: fastest seconds of a forward pass by its rows: 1, 2, 4 ...
    seconds: Mapping[int, float] = field(default_factory=dict)
    #: rows that fit into the memory, where fewer than asked for did
    fit: int | None = None

    def rows(self, tried: Mapping[int, int] | None = None) -> int:
        """The most rows that pay, or that are yet to be tried where ``tried`` (by rows) says how often they were."""
        rows, most = 1, self.fit or MOST
        while 2 * rows <= most:
            if tried is not None and tried.get(2 * rows, 0) < SAMPLES:
                return 2 * rows
            fewer, more = self.seconds.get(rows), self.seconds.get(2 * rows)
            if more is None or (fewer is not None and 2 * fewer < GAIN * more):
                break
            rows *= 2
        return rows if 2 * rows <= most else most


class Profile:
    """What was measured on one device; tells the hub how many rows to join."""

    def __init__(self, folder: Path | None, device: str, versions: str) -> None:
        #: where it is remembered; None forgets it with the process
        self._folder = folder
        self._where: dict[str, Any] = {"device": device, "versions": versions}
        known = read_profile(folder) if folder else []
        self._measured = {_key(each): each for each in known if self._where.items() <= asdict(each).items()}
        self._tried: dict[_Key, dict[int, int]] = {}
        self._passes, self._again = 0, AGAIN
        for key, each in self._measured.items():
            # What did not pay is tried again by each process: the machine may have been busy with something else.
            self._tried[key] = {rows: SAMPLES for rows in each.seconds if rows <= each.rows()}

    def rows(self, kind: BatchKey) -> int:
        """The most rows to join: those that pay, or twice as many while that is not known."""
        return self._of(kind).rows(self._tried.get(_key(kind), {}))

    def fit(self, kind: BatchKey) -> int:
        """The most rows that fit into the memory, as far as is known."""
        return self._of(kind).fit or MOST

    def took(self, kind: BatchKey, rows: int, seconds: float) -> None:
        """Learn from a forward pass."""
        full = 1 << (rows - 1).bit_length()
        if rows <= FULL * full:
            return
        measured, tried = self._of(kind), self._tried.setdefault(_key(kind), {})
        before = measured.rows(tried)
        self._passes += 1
        if self._passes == self._again:
            self._passes, self._again = 0, min(2 * self._again, SELDOM)
            tried |= {rows: 0 for rows in tried if rows > measured.rows()}
        tried[full] = tried.get(full, 0) + 1
        best = min(measured.seconds.get(full, float("inf")), seconds * full / rows)
        self._measured[_key(kind)] = replace(measured, seconds={**measured.seconds, full: best})
        if tried[full] == SAMPLES or self._measured[_key(kind)].rows(tried) != before:
            self._remember()

    def too_many(self, kind: BatchKey, rows: int) -> None:
        """Never again join so many rows: half of them may fit."""
        self._measured[_key(kind)] = replace(self._of(kind), fit=max(1, rows // 2))
        size = f"{kind.width}×{kind.height}"
        log.warning("%s at %s: %d rows do not fit; at most %d from now on", kind.model, size, rows, max(1, rows // 2))
        self._remember()

    def _of(self, kind: BatchKey) -> Measured:
        model, width, height, precision = _key(kind)
        return self._measured.get(_key(kind)) or Measured(
            model=model, width=width, height=height, precision=precision, **self._where
        )

    def _remember(self) -> None:
        if self._folder is None:
            return
        # Another child may have written meanwhile, of this kind of device too: only what is ours is replaced.
        others = [
            each
            for each in read_profile(self._folder)
            if _key(each) not in self._measured or not self._where.items() <= asdict(each).items()
        ]
        entries = [asdict(each) for each in (*others, *self._measured.values())]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._folder / f"{FILE}.{os.getpid()}"  # another child may write at the same moment
            fresh.write_text(json.dumps(entries, indent=1), encoding="utf-8")
            fresh.replace(self._folder / FILE)
        except OSError as error:
            log.warning("%s cannot be written: %s", self._folder / FILE, error)


def read_profile(folder: Path) -> list[Measured]:
    """What was measured by the workers that keep their figures in the folder; nothing where none did."""
    try:
        entries: list[dict[str, Any]] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return [
            Measured(**{**entry, "seconds": {int(rows): seconds for rows, seconds in entry["seconds"].items()}})
            for entry in entries
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s cannot be read, and is measured anew: %s", folder / FILE, error)
        return []


def _key(kind: BatchKey | Measured) -> _Key:
    return kind.model, kind.width, kind.height, kind.precision
