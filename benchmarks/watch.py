"""Samples of a running bot from outside (memory, open handles, rows, disk), and their plot."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil

MIB = 2**20
WARM_UP = 1 / 3  # of the time; after it nothing may grow


@dataclass(frozen=True, slots=True)
class Sample:
    """The bot's resources at one moment."""

    #: seconds since the start
    at: float
    #: resident MiB
    bot: float
    worker: float
    bot_handles: int
    worker_handles: int
    threads: int
    #: MiB of the database with its log, and of all files beside it
    database: float
    files: float
    rows: dict[str, int]
    #: what the caller counts
    counts: dict[str, float]


@dataclass(slots=True)
class Watch:
    """Samples a bot and the child processes that make its pictures."""

    pid: int
    folder: Path
    counts: Callable[[], dict[str, float]]
    began: float = field(default_factory=perf_counter)
    samples: list[Sample] = field(default_factory=list)

    async def run(self, every: float) -> None:
        """Take a sample every ``every`` seconds, until cancelled."""
        while True:
            self.samples.append(await asyncio.to_thread(self._sample))
            await asyncio.sleep(every)

    def growth(self, of: Callable[[Sample], float]) -> float:
        """By which share a value grew after the warm-up, along its least-squares line."""
        times = np.array([sample.at for sample in self.samples])
        late = times >= times[-1] * WARM_UP
        values = np.array([of(sample) for sample in self.samples])[late]
        if len(values) < 3:
            return 0.0
        slope, start = np.polyfit(times[late], values, 1)
        first = start + slope * times[late][0]
        return float(slope * (times[late][-1] - times[late][0]) / first) if first else 0.0

    def most(self, of: Callable[[Sample], float], *, late: bool) -> float:
        """The highest value in the second half (``late``) or in the first."""
        half = self.samples[-1].at / 2
        return max((of(sample) for sample in self.samples if (sample.at >= half) == late), default=0.0)

    def _sample(self) -> Sample:
        bot = psutil.Process(self.pid)
        # The largest child makes the pictures; the others are Python's resource tracker and those that open uploads.
        children = sorted(bot.children(recursive=True), key=_memory)
        worker = children[-1] if children else bot
        database = self.folder / "criar.db"
        return Sample(
            at=perf_counter() - self.began,
            bot=_memory(bot) / MIB,
            worker=_memory(worker) / MIB,
            bot_handles=bot.num_fds(),
            worker_handles=worker.num_fds(),
            threads=bot.num_threads(),
            database=sum(path.stat().st_size for path in self.folder.glob(f"{database.name}*")) / MIB,
            files=sum(path.stat().st_size for path in self.folder.glob("*/*.png") if path.exists()) / MIB,
            rows=rows(database),
            counts=self.counts(),
        )


def rows(database: Path) -> dict[str, int]:
    """Number of rows of each table that has any."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        counted = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
    return {name: number for name, number in counted.items() if number}


def plot(samples: Sequence[Sample], acknowledged: Sequence[tuple[float, float]], path: Path) -> None:
    """Write the report; ``acknowledged`` holds seconds since the start and milliseconds."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    minutes = [sample.at / 60 for sample in samples]
    figure, axes = pyplot.subplots(5, 1, sharex=True, figsize=(10, 14), layout="constrained")
    for name in samples[-1].counts:
        axes[0].plot(minutes, [sample.counts.get(name, 0.0) for sample in samples], label=name)
    for axis, title, names in (
        (axes[1], "resident MiB", ("bot", "worker")),
        (axes[2], "open handles, threads", ("bot_handles", "worker_handles", "threads")),
        (axes[4], "MiB on disk", ("database", "files")),
    ):
        for name in names:
            axis.plot(minutes, [getattr(sample, name) for sample in samples], label=name)
        axis.set_ylabel(title)
    axes[0].set_ylabel("members, pictures")
    axes[3].plot([at / 60 for at, _ in acknowledged], [ms for _, ms in acknowledged], ".", label="acknowledgement")
    axes[3].set_ylabel("milliseconds")
    axes[3].set_yscale("log")
    axes[4].set_xlabel("minutes")
    for axis in axes:
        axis.legend(loc="upper left")
        axis.set_ylim(bottom=None if axis is axes[3] else 0)
    figure.savefig(path)
    pyplot.close(figure)


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0
