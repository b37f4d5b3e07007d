"""Figures for Prometheus: what was asked, made and delivered, how long it took, and what waits. None names a member."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.store import JobRow, Waiting
from generation import Cancelled, ClusterState, Event, Failed, Finished, Progress, Started

SECONDS = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800)  # upper ends of the histograms' buckets
PAGE_SIZE = 4096  # bytes, of /proc/PID/statm


class Metrics:
    """Counts from the start of the process; gauges are set when somebody asks."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._accepted = Counter("criar_images_accepted", "Images that were accepted", ["task"], registry=registry)
        self._charged = Counter("criar_quota_images", "Images counted against members' days", registry=registry)
        self._ended = Counter("criar_pictures", "Pictures that ended", ["state"], registry=registry)
        self._steps = Counter("criar_steps", "Denoising steps, of all pictures", registry=registry)
        self._passes = Counter("criar_forward_passes", "Forward passes of denoisers", registry=registry)
        self._rows = Counter("criar_forward_rows", "Rows of those passes: more than one is shared", registry=registry)
        self._waited = Histogram(
            "criar_waiting_seconds", "From accepted until a worker takes it", buckets=SECONDS, registry=registry
        )
        self._made = Histogram(
            "criar_making_seconds", "From taken until made", ["model"], buckets=SECONDS, registry=registry
        )
        self._delivered = Histogram(
            "criar_delivery_seconds", "From accepted until delivered", buckets=SECONDS, registry=registry
        )
        self._refused = Counter("criar_refusals", "Requests that were refused", ["reason"], registry=registry)
        self._answers = Counter("criar_discord_answers", "Discord's answers", ["status"], registry=registry)
        self._waiting = Gauge("criar_queue_pictures", "Pictures by state", ["state", "priority"], registry=registry)
        self._outbox = Gauge("criar_outbox_jobs", "Jobs that are made and not delivered yet", registry=registry)
        self._latency = Gauge("criar_discord_latency_seconds", "Of the gateway's heartbeat", registry=registry)
        self._connected = Gauge("criar_discord_connected", "1 while the gateway is connected", registry=registry)
        self._loaded = Gauge("criar_loaded_models", "Models that are loaded", ["device"], registry=registry)
        self._making = Gauge("criar_making_pictures", "Pictures made at once, by device", ["device"], registry=registry)
        self._loads = Counter("criar_model_loads", "Models that were loaded", ["device"], registry=registry)
        self._exits = Counter(
            "criar_worker_exits", "Workers that ended by themselves", ["device", "ending"], registry=registry
        )
        self._memory = Gauge("criar_device_memory_bytes", "Memory in use of cards", ["device"], registry=registry)
        self._worker_memory = Gauge(
            "criar_workers_memory_bytes", "Memory in use of all workers on this machine", registry=registry
        )
        #: when pictures that wait were accepted, and the models of those that are being made
        self._asked: dict[str, float] = {}
        self._models: dict[str, str] = {}
        self._progress: dict[str, int] = {}
        #: of counters that are counted elsewhere
        self._totals: dict[tuple[str, tuple[str, ...]], int] = {}
        #: none without a cluster, since an alarm on these must not ring there
        self._cluster: _ClusterFigures | None = None

    def accepted(self, job: JobRow, cost: int) -> None:
        """A request was accepted, each of whose images counts ``cost``."""
        self._accepted.labels(job.request.task.value).inc(job.request.count)
        for row in job.pictures:
            self._charged.inc(cost)
            self._asked[row.id] = monotonic()
            self._models[row.id] = job.request.model

    def happened(self, event: Event) -> None:
        """Something happened to a picture."""
        picture_id = event.picture_id
        match event:
            case Started():
                if asked := self._asked.pop(picture_id, None):
                    self._waited.observe(monotonic() - asked)
            case Progress(step=step, passes=passes, rows=rows):
                before = self._progress.get(picture_id, 0)
                self._progress[picture_id] = step
                self._steps.inc(max(step - before, 0))
                self._passes.inc(passes)
                self._rows.inc(rows)
            case Finished(seconds=seconds):
                self._made.labels(self._models.get(picture_id, "unknown")).observe(seconds)
                self._end(picture_id, "finished")
            case Failed():
                self._end(picture_id, "failed")
            case Cancelled():
                self._end(picture_id, "cancelled")

    def delivered(self, seconds: float) -> None:
        """A job was delivered, so long after it was accepted."""
        self._delivered.observe(seconds)

    def refused(self, reason: str) -> None:
        """A request was refused with this sentence, before its numbers were filled in."""
        self._refused.labels(reason).inc()

    def answered(self, status: int) -> None:
        """Discord answered a call."""
        self._answers.labels(str(status)).inc()

    def set_waiting(self, waiting: Waiting) -> None:
        """What waits and runs at this moment."""
        self._waiting.clear()
        for (state, priority), count in waiting.pictures.items():
            self._waiting.labels(state, str(priority)).set(count)
        self._outbox.set(waiting.outbox)

    def set_connection(self, *, connected: bool, latency: float) -> None:
        """How the gateway is; ``latency`` is seconds, and no number while it is not known."""
        self._connected.set(connected)
        self._latency.set(latency)

    def set_devices(self, loaded: dict[str, int], memory: dict[str, float], pids: list[int]) -> None:
        """Models by device, bytes in use by card, and the workers' processes."""
        self._loaded.clear()
        for device, count in loaded.items():
            self._loaded.labels(device).set(count)
        for device, size in memory.items():
            self._memory.labels(device).set(size)
        self._worker_memory.set(sum(_resident(pids)))

    def set_cluster(self, state: ClusterState | None) -> None:
        """How it stands with the cluster; None if there is none."""
        if state:
            self._cluster = self._cluster or _ClusterFigures(self._registry)
            self._cluster.set(state)

    def set_work(self, making: dict[str, int], loads: dict[str, int], exits: dict[tuple[str, str], int]) -> None:
        """Pictures made at once by device; models loaded and workers ended since the start."""
        self._making.clear()
        for device, count in making.items():
            self._making.labels(device).set(count)
            self._loads.labels(device)  # from 0 on, so that the first load is an increase
        for device, count in loads.items():
            self._raise_to(self._loads, (device,), count)
        for where, count in exits.items():
            self._raise_to(self._exits, where, count)

    def _raise_to(self, counter: Counter, labels: tuple[str, ...], total: int) -> None:
        """Bring a counter to a total that is counted elsewhere."""
        key = (str(counter), labels)
        counter.labels(*labels).inc(max(total - self._totals.get(key, 0), 0))
        self._totals[key] = total

    async def text(self) -> bytes:
        """All figures in Prometheus's text format."""
        return await asyncio.to_thread(generate_latest, self._registry)

    def _end(self, picture_id: str, state: str) -> None:
        self._ended.labels(state).inc()
        for known in (self._asked, self._models, self._progress):
            known.pop(picture_id, None)


class _ClusterFigures:
    """The figures of a cluster and its cards."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._connected = Gauge("criar_cluster_connected", "1 while the cluster is in reach", registry=registry)
        self._cards = Gauge("criar_cluster_cards", "Cards of the cluster", ["state"], registry=registry)
        self._making = Gauge("criar_cluster_pictures", "Pictures that a card makes", ["card"], registry=registry)
        self._models = Gauge("criar_cluster_models", "Models of a card", ["card", "state"], registry=registry)
        self._versions = Gauge(
            "criar_cluster_card_info", "Libraries of a card", ["card", "versions"], registry=registry
        )

    def set(self, state: ClusterState) -> None:
        """Forget cards that are gone, and take over what the others do."""
        self._connected.set(state.trouble is None)
        draining = sum(card.draining for card in state.cards)
        for name, number in (
            ("working", len(state.cards) - draining),
            ("draining", draining),
            ("refused", len(state.refused)),
        ):
            self._cards.labels(name).set(number)
        for figure in (self._making, self._models, self._versions):
            figure.clear()
        for card in state.cards:
            self._making.labels(card.name).set(card.making)
            self._models.labels(card.name, "loaded").set(len(card.models))
            self._models.labels(card.name, "fetching").set(len(card.fetching))
            self._versions.labels(card.name, card.versions).set(1)


def _resident(pids: list[int]) -> Iterator[int]:
    for pid in pids:
        try:
            yield int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_SIZE
        except (OSError, IndexError, ValueError):
            continue
