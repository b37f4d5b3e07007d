"""A cluster for a test, and services that use it."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio

from benchmarks.nodes import Nodes
from generation import Catalogue, ClusterConfig, Service
from tests.generation.studio import Studio

from .nodes import Start

PATIENCE = 300.0  # seconds for a picture, also where a node has to come first
#: in the command lines of Ray's processes; "ray" by itself may be part of anybody's path
RAYS = ("ray::", "/ray/core/", "/ray/_private/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here start clusters, which takes long."""
    for item in items:
        if "tests/cluster" in item.path.as_posix():
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(900))


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    pytest.importorskip("ray")
    nodes = Nodes(tmp_path)
    yield nodes
    nodes.close()
    for process in psutil.Process(os.getpid()).children(recursive=True):
        with suppress(psutil.Error):  # it ends just now, or has ended and is waited for by whoever began it
            if any(mark in " ".join(process.cmdline()) for mark in RAYS):
                process.kill()


@pytest_asyncio.fixture
async def start(nodes: Nodes) -> AsyncIterator[Start]:
    """Start services on the cluster, beside local devices."""
    async with AsyncExitStack() as stack:

        async def start(
            devices: tuple[str, ...] = (), namespace: str = "criar", catalogue: Catalogue | None = None, **more: Any
        ) -> Studio:
            config = ClusterConfig(address=nodes.address, namespace=namespace, cpu=True, **more)
            service = Service(catalogue or Catalogue.load(), devices, threads=1, cluster=config)
            await service.start()
            studio = Studio(service, PATIENCE)
            stack.push_async_callback(studio.close)
            return studio

        yield start
