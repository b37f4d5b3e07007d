"""Keeps a worker on each of a cluster's cards, hands on what it is to do, and passes on what it says."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from time import monotonic
from typing import Any

from ..events import Failed
from ..types import Picture
from .cards import Card, Place, actor_name
from .inputs import SentInputs
from .node import NodeWorker
from .node_messages import Cancel, ClusterConfig, Draining, FromBridge, Give, Gone, Joined, Kill, Refused, Report, Said
from .release import release, why_unfit

log = logging.getLogger(__name__)

LOST_AFTER = 8.0  # seconds without any answer of a worker, which answers every two: then its node is lost
STARTING = 120.0  # seconds in which a worker must begin; it is a process that imports this package
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds before a worker that went is started again on its card

Order = Give | Cancel | Kill


class _NotUsableError(Exception):
    """A card cannot be used, for a reason that a further try at once does not change."""


class _EnoughError(Exception):
    """A card is free, and we have as many as we may."""


class Keeper:
    """Keeps workers on cards, each as long as keep() runs, within what all of them share."""

    def __init__(
        self, ray: Any, config: ClusterConfig, specs: Any, inputs: SentInputs, say: Callable[[FromBridge], None]
    ) -> None:
        """``specs`` is the models' object in the cluster's memory; ``say`` passes on to the bot."""
        self._ray = ray
        self._config = config
        self._specs = specs
        self._inputs = inputs
        self._say = say
        #: places of the cards that we have; others' cards are waited for
        self.ours: set[Place] = set()
        #: nodes that are about to leave
        self.draining: set[str] = set()
        #: what workers are to do, by their ids
        self._orders: dict[str, asyncio.Queue[Order]] = {}
        self._names = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    def has_enough(self) -> bool:
        """Whether we have as many cards as we may. Those that we wait for do not count: others may keep them long."""
        return self._config.workers is not None and len(self.ours) >= self._config.workers

    def order(self, order: Order) -> None:
        """Tell a worker what to do."""
        if orders := self._orders.get(order.worker_id):  # else it is gone, and the bot will have heard so
            orders.put_nowait(order)

    async def close(self) -> None:
        """Wait until what was begun is done."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def keep(self, card: Card) -> None:
        """Have a worker on the card, again and again."""
        pause = FIRST_PAUSE
        while card.node_id not in self.draining:
            began = monotonic()
            try:
                await self._host(card)
            except _NotUsableError as error:
                self._say(Refused(card=card, reason=str(error)))
                pause = LONGEST_PAUSE
            except Exception as error:  # noqa: BLE001 - whatever Ray raises of an actor that cannot be had
                log.info("no worker on %s: %s", card.name, sentence(error))
            if monotonic() - began > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _host(self, card: Card) -> None:
        """Have a worker on the card until it is gone. Raises what Ray does if it cannot be had."""
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
            except _NotUsableError as error:
                reason = str(error)
                raise
            finally:
                obeying.cancel()
                del self._orders[worker_id]
                self._say(Gone(worker_id=worker_id, reason=reason))
        finally:
            self.ours.discard(card.place)
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
        if unfit := why_unfit(theirs):
            raise _NotUsableError(unfit)
        if self.has_enough():
            raise _EnoughError("other cards came first")
        self.ours.add(card.place)
        async with asyncio.timeout(STARTING):
            missing = await actor.start.remote(self._specs, card, exact=self._config.exact)
        return Joined(worker_id=worker_id, card=card, versions=versions, missing=missing)

    async def _listen(self, worker_id: str, actor: Any, card: Card) -> str:
        """Pass on what the worker says until it is gone; the reason. Raises _NotUsableError if it cannot start."""
        told = False
        while True:
            if card.node_id in self.draining and not told:
                told = True
                self._say(Draining(worker_id=worker_id))
            try:
                async with asyncio.timeout(LOST_AFTER):
                    report: Report = await actor.take.remote()
            except TimeoutError:
                return "it does not answer"
            except self._ray.exceptions.RayError as error:
                return sentence(error)
            self._say(Said(worker_id=worker_id, report=report))
            if report.ended and report.trouble:
                raise _NotUsableError(report.trouble)
            if report.ended:
                return "its process ended"

    async def _obey(self, actor: Any, orders: asyncio.Queue[Order]) -> None:
        """Hand on what a worker is to do, in order."""
        while True:
            match await orders.get():
                case Give(worker_id=worker_id, picture=picture):
                    await self._give(worker_id, actor, picture)
                case Cancel(picture_id=picture_id, attempt=attempt):
                    self._spawn(_done(actor.cancel.remote(picture_id, attempt)))
                case Kill():
                    self._spawn(asyncio.to_thread(self._ray.kill, actor))

    async def _give(self, worker_id: str, actor: Any, picture: Picture) -> None:
        try:
            inputs = [await asyncio.to_thread(self._inputs.send, path) for path in picture.request.images]
        except Exception as error:  # noqa: BLE001 - the file is gone, or the cluster's memory and its disk are full
            log.warning("the inputs of picture %s cannot be sent: %s", picture.id, sentence(error))
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


def sentence(error: BaseException) -> str:
    """An error of Ray's, whose text may be pages long."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300]}"
