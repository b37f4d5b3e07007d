"""The process between the bot and a Ray cluster.

It is the only one that imports Ray, which ends a process whose cluster's head is gone for a minute, and which the bot
must outlive.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NoReturn

from .cards import Card, Place, cards_of
from .child import END_SECONDS, begin
from .inputs import SentInputs
from .keeper import Keeper, sentence
from .node_messages import Alive, ClusterConfig, FromBridge, Specs, Unreachable

LOOK_EVERY = 1.0  # seconds between two looks at the cluster's nodes
HEAD_PATIENCE = 8.0  # seconds in which the head must answer


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
    except Exception as error:  # noqa: BLE001 - whatever Ray raises if no head, no node or another version is there
        with suppress(OSError):
            pipe.send((Unreachable(reason=sentence(error)),))
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
        self._keeper = Keeper(ray, config, ray.put(specs), SentInputs(folder, ray.put), self._say)
        #: what keeps each card's worker, by the card's place
        self._kept: dict[Place, asyncio.Task[None]] = {}

    async def run(self) -> NoReturn:
        """Serve the bot until it closes the pipe or the head is lost, and end the process."""
        try:
            await self._serve()
            async with asyncio.timeout(END_SECONDS):
                await self._end_workers()
        except Exception as error:  # noqa: BLE001 - whatever Ray raises is why the cluster is out of reach
            self._say(Unreachable(reason=sentence(error)))
        # Not by way of the loop's end, which waits for threads, and these may wait for the head until Ray ends us. Nor
        # by ray.shutdown(): whatever is called after it joins a cluster again, any that it finds.
        os._exit(0)

    async def _end_workers(self) -> None:
        for kept in self._kept.values():
            kept.cancel()
        await asyncio.gather(*self._kept.values(), return_exceptions=True)
        await self._keeper.close()

    async def _serve(self) -> None:
        """Until the bot closes the pipe. Raises HeadLostError."""
        loop = asyncio.get_running_loop()
        ended = loop.run_in_executor(None, self._read, loop)
        while not ended.done():
            cards, self._keeper.draining = await self._look()
            self._keep(cards)
            self._say(Alive())
            await asyncio.wait({ended}, timeout=LOOK_EVERY)

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """A thread: hand on what the bot says."""
        with suppress(EOFError, OSError):
            while True:
                loop.call_soon_threadsafe(self._keeper.order, self._pipe.recv())

    def _say(self, message: FromBridge) -> None:
        with suppress(OSError):  # the bot is gone, and the reader ends us
            self._pipe.send((message,))

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
        there = {card.place: card for card in cards}
        for place in self._kept.keys() - there.keys():
            self._kept.pop(place).cancel()
        if self._keeper.has_enough():
            for place in self._kept.keys() - self._keeper.ours:
                self._kept.pop(place).cancel()
            return
        for place, card in there.items():
            if place not in self._kept and card.node_id not in self._keeper.draining:
                self._kept[place] = asyncio.create_task(self._keeper.keep(card))
