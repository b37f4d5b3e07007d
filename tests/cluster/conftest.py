"""A Ray cluster of several nodes on this machine, and services that use it."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from pytest_asyncio import is_async_test

from generation import Catalogue, ClusterConfig, Service
from tests.generation.conftest import Studio

ROOT = Path(__file__).parents[2]
STORE = 80 * 2**20  # bytes of a node's object store; Ray wants 75 MB at least
PATIENCE = 120.0  # seconds for a picture, also where a node has to come first


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here start clusters, which takes long."""
    for item in items:
        if "tests/cluster" in item.path.as_posix():
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(400))
            if is_async_test(item):
                item.add_marker(pytest.mark.asyncio(loop_scope="function"), append=False)


class Nodes:
    """A head without CPUs, to which bots connect, and nodes with one CPU each."""

    def __init__(self, folder: Path) -> None:
        from ray.cluster_utils import Cluster

        self._folder = folder
        self._cluster = Cluster()
        self._port = 0
        self.add_head()

    @property
    def address(self) -> str:
        """Where bots reach the cluster."""
        return str(self._cluster.address)

    def add_head(self) -> None:
        """Start the head, on the same port as before."""
        self._cluster.add_node(
            num_cpus=0, object_store_memory=STORE, include_dashboard=False, gcs_server_port=self._port,
        )  # fmt: skip
        self._port = int(self.address.rpartition(":")[2])

    def add(self, name: str, release: Path = ROOT, **options: Any) -> Any:
        """A node of one CPU, which runs the release that lies in a folder."""
        environment = {"PYTHONPATH": str(release), "XDG_CACHE_HOME": str(self._folder / name)}
        return self._cluster.add_node(
            num_cpus=1, object_store_memory=STORE, env_vars=environment, node_name=name, **options
        )

    def kill(self, node: Any) -> None:
        """Kill a node with all that runs on it, as by a power cut."""
        family = self.processes(node)
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._cluster.worker_nodes.discard(node)
        node.kill_all_processes(check_alive=False, allow_graceful=False)

    def kill_head(self) -> None:
        """Kill the head; the nodes stay."""
        self._cluster.head_node.kill_all_processes(check_alive=False, allow_graceful=False)
        self._cluster.head_node = None

    @staticmethod
    def processes(node: Any) -> list[psutil.Process]:
        """The node's processes, workers and their children among them."""
        own = [psutil.Process(info.process.pid) for infos in node.all_processes.values() for info in infos]
        return [*own, *(child for process in own for child in process.children(recursive=True))]

    def actors(self, node: Any) -> list[psutil.Process]:
        """The processes of our workers on a node."""
        return [each for each in self.processes(node) if any("NodeWorker" in word for word in each.cmdline())]

    def close(self) -> None:
        """End all nodes."""
        self._cluster.shutdown()


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    pytest.importorskip("ray")
    nodes = Nodes(tmp_path)
    yield nodes
    nodes.close()
    left = [p for p in psutil.Process(os.getpid()).children(recursive=True) if "ray" in " ".join(p.cmdline())]
    psutil.wait_procs(left, 10)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()


Start = Callable[..., Any]


@pytest_asyncio.fixture
async def start(nodes: Nodes) -> AsyncIterator[Start]:
    """Starts services on the cluster: start(devices=(), namespace="criar")."""
    async with AsyncExitStack() as stack:

        async def start(devices: tuple[str, ...] = (), namespace: str = "criar", **more: Any) -> Studio:
            config = ClusterConfig(address=nodes.address, namespace=namespace, cpu=True, **more)
            service = Service(Catalogue.load(), devices, threads=1, cluster=config)
            await service.start()
            studio = Studio(service, PATIENCE)
            stack.push_async_callback(studio.close)
            return studio

        yield start
