"""What tests of a cluster wait for."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from generation import ClusterState
from tests.generation.studio import Studio

#: starts a service on the cluster: start(devices=(), namespace="criar", catalogue=None, **ClusterConfig's)
Start = Callable[..., Coroutine[Any, Any, Studio]]


async def until(studio: Studio, look: Callable[[ClusterState], object], seconds: float = 300) -> ClusterState:
    """How it stands with the cluster, as soon as that is as expected."""
    async with asyncio.timeout(seconds):
        while not ((state := studio.service.cluster()) and look(state)):  # noqa: ASYNC110 - it makes no event
            await asyncio.sleep(0.1)
    return state


async def joined(studio: Studio, number: int) -> ClusterState:
    """Wait until so many cards make pictures."""
    return await until(studio, lambda state: len(state.cards) == number)
