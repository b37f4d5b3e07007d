"""How many rows of a forward pass pay: measured during real work, and remembered on disk.

A row is one entry of a denoiser's batch; with guidance most pipelines take two for a picture. Twice as many rows are
tried as soon as so many wait. They are kept if they gain at least GAIN in rows a second, and a step stays under
LONGEST_STEP. Passes are timed by the device's own clock, see engine.device: the time that it takes to launch one says
nothing on a GPU.
"""

import json
import logging
import os
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from statistics import median
from typing import Any

log = logging.getLogger(__name__)

_Key = tuple[str, int, int, str]

FILE = "rows.json"
GAIN = 1.05  # in rows a second, for twice the rows to be worth their latency
LONGEST_STEP = 2.0  # seconds of a forward pass of more rows than one picture has: everybody in it waits for it
PICTURE_ROWS = 2  # of one picture, with guidance
SAMPLES = 12  # forward passes before a number of rows is judged, by their median
#: forward passes after which rows that did not pay are tried again, since the machine may have been busy; the pause
#: doubles each time up to SELDOM, because during a trial more pictures are made at once than pays
AGAIN, SELDOM = 2048, 32768
FULL = 0.75  # a pass counts for the next power of two if it has more than this share of its rows
MOST = 64  # rows; beyond it no device was seen to gain


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What two pictures must have in common to share a forward pass."""

    model: str
    #: size in pixels at which the pipeline works
    width: int
    height: int
    #: LoRAs with their weights
    loras: tuple[tuple[str, float], ...] = ()
    #: of the model's numbers, such as "bf16"; empty until it is loaded
    precision: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What was measured of a model at a size on a device."""

    model: str
    width: int
    height: int
    #: with the card's name if it is a GPU
    device: str
    #: of the model's numbers, such as "bf16"
    precision: str
    #: of the libraries, such as "torch 2.13.0, diffusers 0.42.1"
    versions: str
    #: median seconds of a forward pass by its rows: 1, 2, 4 ...
    seconds: Mapping[int, float] = field(default_factory=dict)

    def rows(self, tried: Mapping[int, int] | None = None, most: int = MOST) -> int:
        """Return the most rows that pay, up to ``most``.

        ``tried`` says how often each number of rows was tried; with it, a number that was tried less than SAMPLES times
        is returned to be tried next.
        """
        rows = 1
        while 2 * rows <= most:
            if tried is not None and tried.get(2 * rows, 0) < SAMPLES:
                return 2 * rows
            fewer, more = self.seconds.get(rows), self.seconds.get(2 * rows)
            if more is None or (fewer is not None and 2 * fewer < GAIN * more):
                break
            if 2 * rows > PICTURE_ROWS and more > LONGEST_STEP:
                break
            rows *= 2
        return rows if 2 * rows <= most else most


@dataclass(frozen=True, slots=True)
class _Limit:
    """Rows that fit into the memory, as long as the number of passes is below ``until``."""

    rows: int
    until: int


class Profile:
    """What was measured on one device: how many rows a forward pass of a kind may have."""

    def __init__(self, folder: Path | None, device: str, versions: str) -> None:
        """``folder`` is where it is remembered; None forgets it with the process."""
        self._folder = folder
        self._where: dict[str, Any] = {"device": device, "versions": versions}
        known = read_profile(folder) if folder else []
        self._measured = {_key(each): each for each in known if self._where.items() <= asdict(each).items()}
        self._tried: dict[_Key, dict[int, int]] = {}
        self._samples: dict[tuple[_Key, int], deque[float]] = {}
        self._limits: dict[_Key, _Limit] = {}
        self._passes = 0
        self._again, self._retry_at = AGAIN, AGAIN
        for key, each in self._measured.items():
            # Each process tries again what did not pay: the machine may have been busy with something else.
            self._tried[key] = {rows: SAMPLES for rows in each.seconds if rows <= each.rows()}

    def rows(self, kind: BatchKey) -> int:
        """Return the most rows to join: those that pay, or twice as many while that is not known."""
        return self._of(kind).rows(self._tried.get(_key(kind), {}), self.fit(kind))

    def fit(self, kind: BatchKey) -> int:
        """Return the most rows that fit into the memory, as far as is known."""
        limit = self._limits.get(_key(kind))
        return limit.rows if limit and self._passes < limit.until else MOST

    def pays(self, kind: BatchKey, rows: int, other: BatchKey, fewer: int) -> bool:
        """Whether passes of so many rows of a kind make more rows a second than fewer rows of another kind.

        True as long as that is not known.
        """
        seconds, others = (self._seconds(*each) for each in ((kind, rows), (other, fewer)))
        return seconds is None or others is None or rows / seconds >= GAIN * fewer / others

    def took(self, kind: BatchKey, rows: int, seconds: float) -> None:
        """Learn from a forward pass of ``rows`` that kept the device busy for ``seconds``."""
        self._passes += 1
        full = 1 << (rows - 1).bit_length()
        if rows <= FULL * full:
            return
        key, measured = _key(kind), self._of(kind)
        tried = self._tried.setdefault(key, {})
        before = measured.rows(tried)
        if self._passes >= self._retry_at:
            self._again = min(2 * self._again, SELDOM)
            self._retry_at = self._passes + self._again
            self._try_again(key, measured.rows())
        tried[full] = tried.get(full, 0) + 1
        middle = self._sample(key, measured, full, seconds * full / rows)
        self._measured[key] = replace(measured, seconds={**measured.seconds, full: middle})
        if tried[full] == SAMPLES or self._measured[key].rows(tried) != before:
            self._remember()

    def too_many(self, kind: BatchKey, rows: int) -> None:
        """Join at most half as many rows for a while: they did not fit into the memory.

        Not for ever, and not in later processes: what was in the way may have been another model or process.
        """
        half = max(1, rows // 2)
        self._limits[_key(kind)] = _Limit(half, self._passes + AGAIN)
        size = f"{kind.width}×{kind.height}"
        log.warning("%s at %s: %d rows do not fit into the memory; at most %d for now", kind.model, size, rows, half)

    def memory_freed(self) -> None:
        """Forget what did not fit: a model has left the device."""
        self._limits.clear()

    def _try_again(self, key: _Key, paying: int) -> None:
        """Let more rows than ``paying`` be tried again, judged only by new samples."""
        tried = self._tried[key]
        for rows in [rows for rows in tried if rows > paying]:
            tried[rows] = 0
            self._samples.pop((key, rows), None)

    def _sample(self, key: _Key, measured: Measured, rows: int, seconds: float) -> float:
        """Add a sample, and return the median of the latest; one that is read from disk counts for all before."""
        samples = self._samples.get((key, rows))
        if samples is None:
            known = measured.seconds.get(rows) if self._tried[key].get(rows, 0) > SAMPLES else None
            samples = deque([] if known is None else [known] * SAMPLES, maxlen=SAMPLES)
            self._samples[key, rows] = samples
        samples.append(seconds)
        return median(samples)

    def _seconds(self, kind: BatchKey, rows: int) -> float | None:
        """Return the seconds of a pass of so many rows, as for the next power of two; None if that is not known."""
        full = 1 << (rows - 1).bit_length()
        if self._tried.get(_key(kind), {}).get(full, 0) < SAMPLES:
            return None
        return self._of(kind).seconds[full] * rows / full

    def _of(self, kind: BatchKey) -> Measured:
        model, width, height, precision = _key(kind)
        return self._measured.get(_key(kind)) or Measured(
            model=model, width=width, height=height, precision=precision, **self._where
        )

    def _remember(self) -> None:
        if self._folder is None:
            return
        # Another child may have written meanwhile, even for the same kind of device: only our entries are replaced.
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
    """Return what workers measured and keep in the folder; empty if there is nothing or it cannot be read."""
    known = {each.name for each in fields(Measured)}
    try:
        entries: list[dict[str, Any]] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        found = []
        for entry in entries:
            seconds = {int(rows): float(seconds) for rows, seconds in entry["seconds"].items()}
            found.append(Measured(**{**{name: entry[name] for name in entry if name in known}, "seconds": seconds}))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        log.warning("%s cannot be read, and is measured again: %s", folder / FILE, error)
        return []
    return found


def _key(kind: BatchKey | Measured) -> _Key:
    return kind.model, kind.width, kind.height, kind.precision
