"""The bot's end of a Ray cluster: its workers there, which come and go, and what is to be said of it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from ..events import Event
from ..types import ModelSpec, Picture
from .bridge import run_bridge
from .child import NEEDED, Child
from .node import packed
from .node_messages import (
    Alive,
    Cancel,
    ClusterConfig,
    Draining,
    FromBridge,
    Give,
    Gone,
    Joined,
    Kill,
    Refused,
    Said,
    Unreachable,
)
from .worker import Room, Worker

log = logging.getLogger(__name__)

AUTHENTICATION = ("RAY_AUTH_TOKEN",)  # the one secret that the bridge needs, with which it joins
#: seconds without a sign of the bridge, after which it is started again; first it waits for a head for up to a minute
BRIDGE_PATIENCE = 90.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds before a bridge that ended is started again


@dataclass(frozen=True, slots=True, kw_only=True)
class CardState:
    """What one card of the cluster does for this bot."""

    name: str
    #: of the libraries on its node, such as "torch 2.13.0"
    versions: str
    #: ids of the models that are loaded, and of those that are being downloaded to its node
    models: frozenset[str]
    fetching: frozenset[str]
    #: pictures that are being made
    making: int
    #: whether its node is about to leave
    draining: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterState:
    """How it stands with the cluster."""

    #: the last reason why it is out of reach; None while it is in reach
    trouble: str | None
    #: the cards that make pictures, by name
    cards: tuple[CardState, ...] = ()
    #: why a card is not used, by its name
    refused: Mapping[str, str] = field(default_factory=dict)


class ClusterWorker(Worker):
    """An actor on a node of the cluster."""

    def __init__(
        self,
        joined: Joined,
        send: Callable[[object], None],
        on_event: Callable[[Worker, Event | Room], None],
        on_exit: Callable[[Worker], None],
    ) -> None:
        super().__init__(joined.card.name, on_event, on_exit)
        self.id = joined.worker_id
        self.site = joined.card.node_id
        #: its node is about to leave
        self.draining = False
        self._versions = joined.versions
        self._missing = joined.missing
        self._send = send

    @property
    def pid(self) -> int | None:
        """None: its process is on another machine."""
        return None

    @property
    def has_room(self) -> bool:
        """Whether it wants another picture; none while its node is about to leave."""
        return not self.draining and super().has_room

    def can_make(self, picture: Picture) -> bool:
        """Whether its node has the folders and files that the picture's model and LoRAs lie in."""
        wanted = {picture.request.model, *(name for name, _ in picture.request.loras)}
        return wanted.isdisjoint(self._missing)

    def state(self) -> CardState:
        """What it does now."""
        return CardState(
            name=self.device,
            versions=self._versions,
            models=self.resident,
            fetching=self.fetching,
            making=len(self.running),
            draining=self.draining,
        )

    def _give(self, picture: Picture) -> None:
        self._send(Give(worker_id=self.id, picture=picture))

    def cancel(self, picture_id: str) -> None:
        """Ask it to let go of a picture that it was given."""
        self._send(Cancel(worker_id=self.id, picture_id=picture_id, attempt=self.running[picture_id].attempt))

    def kill(self) -> None:
        """End it at once; on_exit follows, and another comes in its place."""
        self._send(Kill(worker_id=self.id))

    async def close(self) -> None:
        """Nothing: it ends with the bridge, which the cluster closes."""

    def take(self, message: Said | Draining) -> None:
        """What it says, or that its node is about to leave."""
        if isinstance(message, Draining):
            log.info("%s is about to leave: it gets no further pictures", self.device)
            self.draining = True
        else:
            if message.report.messages:
                self._take(message.report.messages)
            # That the actor answers says nothing of its child.
            self.last_sign = monotonic() - message.report.silent
        if self.draining and not self.running:
            self.kill()


class Cluster:
    """All workers on a cluster. All methods are called on the event loop, where it calls back too."""

    def __init__(
        self,
        config: ClusterConfig,
        specs: Mapping[str, ModelSpec],
        on_join: Callable[[ClusterWorker], None],
        on_event: Callable[[Worker, Event | Room], None],
        on_exit: Callable[[Worker], None],
        on_change: Callable[[], None],
        patience: float = BRIDGE_PATIENCE,
    ) -> None:
        """``on_change`` is called whenever what why_not() says may have changed."""
        self._config = config
        self._specs = {name: packed(spec) for name, spec in specs.items()}
        self._on_join = on_join
        self._on_event = on_event
        self._on_exit = on_exit
        self._on_change = on_change
        self._patience = patience
        self._workers: dict[str, ClusterWorker] = {}
        self._refused: dict[str, str] = {}
        self._trouble: str | None = "it has not been reached yet"
        #: whether the operator knows that it is out of reach
        self._told = False
        self._last_sign = monotonic()
        self._pause = FIRST_PAUSE
        self._bridge: Child | None = None
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        """Of its head."""
        return self._config.address

    def start(self) -> None:
        """Reach for the cluster; workers come when they are there."""
        self._start_bridge()
        self._spawn(self._watch())

    async def close(self) -> None:
        """Leave the cluster; its workers end, and nobody is called back."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._bridge:
            await self._bridge.close()

    def state(self) -> ClusterState:
        """How it stands with the cluster."""
        workers = sorted(self._workers.values(), key=lambda worker: worker.device)
        cards = tuple(worker.state() for worker in workers)
        return ClusterState(trouble=self._trouble, cards=cards, refused=dict(self._refused))

    def why_not(self) -> str:
        """Why no pictures can be made there; empty if they can, or it is not known yet that they cannot."""
        if any(worker.capacity for worker in self._workers.values()):
            return ""
        if self._told:
            return self._trouble or ""
        return "; ".join(f"{card}: {reason}" for card, reason in self._refused.items())

    def _start_bridge(self) -> None:
        self._last_sign = monotonic()
        self._bridge = Child(
            "cluster",
            run_bridge,
            (self._config, str(Path.cwd())),
            greeting=self._specs,
            kinds=FromBridge,
            on_messages=self._take_all,
            on_exit=self._on_bridge_exit,
            keep=(*NEEDED, *AUTHENTICATION),
        )

    def _take_all(self, messages: tuple[FromBridge, ...]) -> None:
        self._last_sign = monotonic()
        before = self.why_not()
        for message in messages:
            self._take(message)
        if self.why_not() != before:
            self._on_change()

    def _take(self, message: FromBridge) -> None:
        match message:
            case Alive():
                self._reached()
            case Unreachable(reason=reason):
                self._out_of_reach(reason)
            case Joined():
                self._join(message)
            case Refused(card=card, reason=reason):
                if self._refused.get(card.name) != reason:
                    log.warning("%s makes no pictures: %s", card.name, reason)
                self._refused[card.name] = reason
            case Gone(worker_id=worker_id, reason=reason):
                self._lose(worker_id, reason)
            case Said() | Draining() if worker := self._workers.get(message.worker_id):
                worker.take(message)
                if worker.capacity:
                    self._refused.pop(worker.device, None)

    def _join(self, joined: Joined) -> None:
        if self._bridge:
            worker = ClusterWorker(joined, self._bridge.send, self._on_event, self._on_exit)
            self._workers[worker.id] = worker
            log.info("%s makes pictures too (%s)", worker.device, joined.versions)
            self._on_join(worker)

    def _reached(self) -> None:
        if self._trouble is not None:
            log.info("joined the cluster at %s", self._config.address)
        self._trouble, self._told, self._pause = None, False, FIRST_PAUSE

    def _out_of_reach(self, reason: str) -> None:
        # Each try to come back would say it again.
        level = logging.INFO if self._told else logging.ERROR
        if self._trouble != reason:
            log.log(
                level, "the cluster at %s is out of reach, which the bot does without: %s", self._config.address, reason
            )
        self._trouble, self._told = reason, True
        for worker_id in list(self._workers):
            self._lose(worker_id, "the cluster is out of reach")

    def _lose(self, worker_id: str, reason: str) -> None:
        worker = self._workers.pop(worker_id, None)
        if worker:
            if not worker.draining:
                log.error("%s is lost: %s", worker.device, reason)
            self._on_exit(worker)

    def _on_bridge_exit(self) -> None:
        """The process between us and the cluster has ended, and with it our workers there."""
        told = self._trouble if self._told else None
        self._out_of_reach(told or "the process that is connected to it ended")
        self._refused.clear()
        self._on_change()
        self._bridge = None
        self._spawn(self._restart())

    async def _restart(self) -> None:
        while self._bridge is None and not self._closed:
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            try:
                self._start_bridge()
            except (OSError, RuntimeError):  # no memory, process, file or thread is left to start one with
                log.exception("the cluster cannot be joined; that is tried again")

    async def _watch(self) -> None:
        """End a bridge that gives no sign."""
        while True:
            await asyncio.sleep(self._patience / 10)
            if self._bridge and monotonic() - self._last_sign > self._patience:
                log.error("the process that is connected to the cluster gives no sign of life; it is killed")
                self._bridge.kill()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
