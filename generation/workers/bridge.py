"""The process between the bot and a Ray cluster.

It is the only one that imports Ray, which ends a process whose cluster's head is gone for a minute, and which the bot
must outlive.
"""

import asyncio
import logging
import os
import socket
from collections import defaultdict
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

from ..events import Failed
from ..types import Picture
from .child import END_SECONDS, begin
from .inputs import SentInputs
from .node import NodeWorker
from .node_messages import (
    Alive,
    Cancel,
    Card,
    ClusterConfig,
    Draining,
    FromBridge,
    Give,
    Gone,
    Joined,
    Kill,
    Refused,
    Report,
    Said,
    Specs,
    Unreachable,
)
from .release import release

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at the cluster's nodes
HEAD_PATIENCE = 8.0  # seconds in which the head must answer
LOST_AFTER = 8.0  # seconds without any answer of a worker, which answers every two: then its node is lost
STARTING = 120.0  # seconds in which a worker must begin; it is a process that imports this package
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds before a worker that went is started again on its card

_To = Give | Cancel | Kill


class _NotUsableError(Exception):
    """A card cannot be used, for a reason that a further try at once does not change."""


class _EnoughError(Exception):
    """A card is free, and we have as many as we may."""


class HeadLostError(Exception):
    """The cluster's head does not answer."""


def run_bridge(parent: int, pipe: Connection, config: ClusterConfig, folder: str) -> None:
    """The process's main function. ``folder`` is what paths of inputs are relative to."""
    begin(parent, "cluster")
    try:
        specs: Specs = pipe.recv()
    except (EOFError, OSError):
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.chdir("/")  # Ray has its workers import from here first, where their own release must come first
    try:
        _probe(config.address)
        import ray
    except OSError as error:
        pipe.send((Unreachable(reason=f"nothing answers there: {error}"),))
        return
    except ImportError:
        pipe.send((Unreachable(reason="Ray is not installed here; install this package with [cluster]"),))
        return
    try:
        ray.init(address=config.address, namespace=config.namespace, log_to_driver=False, logging_level=logging.ERROR)
        asyncio.run(_Bridge(pipe, config, specs, Path(folder)).run())
    except Exception as error:  # noqa: BLE001 - whatever Ray raises where no head, no node or another version is there
        with suppress(OSError):
            pipe.send((Unreachable(reason=_sentence(error)),))
    os._exit(0)  # Ray's own ending waits for the head


def _probe(address: str) -> None:
    """Raise OSError if nothing answers at the head's address: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host, int(port)), timeout=HEAD_PATIENCE).close()


class _Bridge:
    """Keeps a worker on each card of the cluster, and passes on what is said."""

    def __init__(self, pipe: Connection, config: ClusterConfig, specs: Specs, folder: Path) -> None:
        import ray

        self._ray = ray
        self._pipe = pipe
        self._config = config
        self._specs = ray.put(specs)
        self._inputs = SentInputs(folder, ray.put)
        #: what keeps each card's worker, by the card's node and number
        self._keepers: dict[tuple[str, int | None], asyncio.Task[None]] = {}
        #: places of the cards that we have; others' cards are waited for
        self._ours: set[tuple[str, int | None]] = set()
        #: what workers are to do, by their ids
        self._orders: dict[str, asyncio.Queue[_To]] = {}
        self._draining: set[str] = set()
        self._names = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self) -> NoReturn:
        """Serve the bot until it closes the pipe or the head is lost, and end the process."""
        try:
            await self._serve()
            async with asyncio.timeout(END_SECONDS):
                await self._end_workers()
        except Exception as error:  # noqa: BLE001 - whatever Ray raises is why the cluster is out of reach
            self._say(Unreachable(reason=_sentence(error)))
        # Not by way of the loop's end, which waits for threads, and these may wait for the head until Ray ends us. Nor
        # by ray.shutdown(): whatever is called after it joins a cluster again, any that it finds.
        os._exit(0)

    async def _end_workers(self) -> None:
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self) -> None:
        """Until the bot closes the pipe. Raises HeadLostError."""
        loop = asyncio.get_running_loop()
        ended = loop.run_in_executor(None, self._read, loop)
        while not ended.done():
            cards, self._draining = await self._look()
            self._keep(cards)
            self._say(Alive())
            await asyncio.wait({ended}, timeout=LOOK_EVERY)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """A thread: hand on what the bot says."""
        with suppress(EOFError, OSError):
            while True:
                loop.call_soon_threadsafe(self._order, self._pipe.recv())

    def _say(self, message: FromBridge) -> None:
        with suppress(OSError):  # the bot is gone, and the reader ends us
            self._pipe.send((message,))

    def _order(self, order: _To) -> None:
        if orders := self._orders.get(order.worker_id):  # else it is gone, and the bot will have heard so
            orders.put_nowait(order)

    async def _look(self) -> tuple[list[Card], set[str]]:
        """All cards of the cluster that may be used, and the nodes that are about to leave."""
        try:
            async with asyncio.timeout(HEAD_PATIENCE):
                nodes = await asyncio.to_thread(self._ray.nodes)
                draining = await asyncio.to_thread(self._ray._private.state.state.get_draining_nodes)
        except Exception as error:
            raise HeadLostError("its head does not answer") from error
        alive = [node for node in nodes if node["Alive"]]
        return [card for node in alive for card in cards_of(node, cpu=self._config.cpu)], set(draining)

    def _keep(self, cards: Iterable[Card]) -> None:
        """Let each card have its worker, as far as we may use so many, and give up those that are gone."""
        there = {(card.node_id, card.number): card for card in cards}
        for place in self._keepers.keys() - there.keys():
            self._keepers.pop(place).cancel()
        if self._has_enough():
            for place in self._keepers.keys() - self._ours:
                self._keepers.pop(place).cancel()
            return
        for place, card in there.items():
            if place not in self._keepers and card.node_id not in self._draining:
                self._keepers[place] = asyncio.create_task(self._keep_one(card))

    def _has_enough(self) -> bool:
        """Whether we have as many cards as we may. Those that we wait for do not count: others may keep them long."""
        return self._config.workers is not None and len(self._ours) >= self._config.workers

    async def _keep_one(self, card: Card) -> None:
        """Have a worker on the card, again and again."""
        pause = FIRST_PAUSE
        while card.node_id not in self._draining:
            began = monotonic()
            try:
                await self._host(card)
            except _NotUsableError as error:
                self._say(Refused(card=card, reason=str(error)))
                pause = LONGEST_PAUSE
            except Exception as error:  # noqa: BLE001 - whatever Ray raises of an actor that cannot be had
                log.info("no worker on %s: %s", card.name, _sentence(error))
            if monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _host(self, card: Card) -> None:
        """Have a worker on the card until it is gone. Raises what Ray does where it cannot be had."""
        self._names += 1
        worker_id = f"{card.name}#{self._names}"
        actor = await asyncio.to_thread(self._actor, card)
        reason = "it was given up"
        try:
            joined = await self._greet(worker_id, actor, card)
            self._orders[worker_id] = asyncio.Queue()
            self._say(joined)
            obeying = asyncio.create_task(self._obey(actor, self._orders[worker_id]))
            try:
                reason = await self._listen(worker_id, actor, card)
            finally:
                obeying.cancel()
                del self._orders[worker_id]
                self._say(Gone(worker_id=worker_id, reason=reason))
        finally:
            self._ours.discard((card.node_id, card.number))
            self._spawn(asyncio.to_thread(self._ray.kill, actor))

    def _actor(self, card: Card) -> Any:
        """A new actor on the card. Blocks. Its name keeps a second bot of our namespace from it."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        share = {"num_cpus": card.threads} if card.number is None else {"num_cpus": 0, "num_gpus": 1}
        try:
            return (
                self._ray.remote(NodeWorker)
                .options(
                    name=actor_name(card),
                    scheduling_strategy=NodeAffinitySchedulingStrategy(card.node_id, soft=False),
                    max_restarts=0,
                    max_task_retries=0,
                    **share,
                )
                .remote()
            )
        except ValueError as error:  # the name is taken
            raise _NotUsableError(
                f"another bot of the namespace “{self._config.namespace}” uses it; give each its own "
                "[generation.cluster] namespace"
            ) from error

    async def _greet(self, worker_id: str, actor: Any, card: Card) -> Joined:
        """Wait until the worker is there, as long as others use its card, and start it."""
        try:
            theirs, _, versions = await actor.hello.remote()
        except self._ray.exceptions.RayActorError as error:
            if isinstance(error, self._ray.exceptions.ActorUnschedulableError) or "creation task" not in str(error):
                raise
            raise _NotUsableError(f"it has no release of this package that fits {release()}") from error
        if theirs != release():
            raise _NotUsableError(f"it has the release {theirs}, and the bot {release()}; install the same on both")
        if self._has_enough():
            raise _EnoughError("other cards came first")
        self._ours.add((card.node_id, card.number))
        async with asyncio.timeout(STARTING):
            missing = await actor.start.remote(self._specs, card, exact=self._config.exact)
        return Joined(worker_id=worker_id, card=card, versions=versions, missing=missing)

    async def _listen(self, worker_id: str, actor: Any, card: Card) -> str:
        """Pass on what the worker says until it is gone; the reason."""
        told = False
        while True:
            if card.node_id in self._draining and not told:
                told = True
                self._say(Draining(worker_id=worker_id))
            try:
                async with asyncio.timeout(LOST_AFTER):
                    report: Report = await actor.take.remote()
            except TimeoutError:
                return "it does not answer"
            except self._ray.exceptions.RayError as error:
                return _sentence(error)
            self._say(Said(worker_id=worker_id, report=report))
            if report.ended:
                return "its process ended"

    async def _obey(self, actor: Any, orders: asyncio.Queue[_To]) -> None:
        """Hand on what a worker is to do, in order."""
        attempts: dict[str, int] = defaultdict(lambda: 1)
        while True:
            match await orders.get():
                case Give(worker_id=worker_id, picture=picture):
                    attempts[picture.id] = picture.attempt
                    await self._give(worker_id, actor, picture)
                case Cancel(picture_id=picture_id):
                    self._spawn(_done(actor.cancel.remote(picture_id, attempts[picture_id])))
                case Kill():
                    self._spawn(asyncio.to_thread(self._ray.kill, actor))

    async def _give(self, worker_id: str, actor: Any, picture: Picture) -> None:
        try:
            inputs = [await asyncio.to_thread(self._inputs.send, path) for path in picture.request.images]
        except Exception as error:  # noqa: BLE001 - the file is gone, or the cluster's memory and its disk are full
            log.warning("the inputs of picture %s cannot be sent: %s", picture.id, _sentence(error))
            failed = Failed(
                picture_id=picture.id,
                attempt=picture.attempt,
                template="The machine that was to make this picture did not get its input; please try again.",
                retryable=True,
            )
            self._say(Said(worker_id=worker_id, report=Report(messages=(failed,))))
        else:
            self._spawn(_done(actor.submit.remote(picture, inputs)))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _done(answer: Any) -> None:
    """Wait for an actor's answer; that it is gone is found by whoever listens to it."""
    with suppress(Exception):
        await answer


def cards_of(node: dict[str, Any], *, cpu: bool) -> list[Card]:
    """The cards of one of ray.nodes(), or its CPU where it has none and that may be used."""
    resources = node["Resources"]
    kinds = [name.partition(":")[2] for name in resources if name.startswith("accelerator_type:")]
    number = int(resources.get("GPU", 0))
    place = {"node": node["NodeManagerHostname"], "node_id": node["NodeID"]}
    if number:
        threads = max(1, int(resources.get("CPU", 0)) // number)
        return [Card(**place, number=i, kind="".join(kinds), threads=threads, neighbours=number) for i in range(number)]
    threads = int(resources.get("CPU", 0))
    return [Card(**place, number=None, threads=threads)] if cpu and threads else []


def actor_name(card: Card) -> str:
    """Under which the card's worker is found."""
    return f"criar {card.node_id} {'cpu' if card.number is None else card.number}"


def _sentence(error: BaseException) -> str:
    """An error of Ray's, whose text may be pages long."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300]}"
