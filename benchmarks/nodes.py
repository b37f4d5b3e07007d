"""A Ray cluster of several nodes on this machine, each with one CPU, whose parts can be killed."""

from collections.abc import Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
STORE = 80 * 2**20  # bytes of a node's object store; Ray wants 75 MB at least
STARTING = 120.0  # seconds for a node to be there, on a busy machine
PREEMPTION = 2  # of Ray's DrainNodeReason
NEVER = 2**53  # milliseconds since 1970; numbers above it are not exact everywhere


class Nodes:
    """A head without CPUs, to which bots connect, and nodes with one CPU each."""

    def __init__(self, folder: Path) -> None:
        from ray.cluster_utils import Cluster

        self._folder = folder
        self._cluster: Any = Cluster()  # typed in parts
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

    def add(self, name: str, release: Path = ROOT, environment: Mapping[str, str] | None = None, cards: int = 0) -> Any:
        """A node of one CPU, which runs the release that lies in a folder, with more variables in its environment.

        It says that it has so many cards, though this machine may have none.
        """
        # As nice as the bot's own children, which makes the two comparable; Ray's are nicer, for a head beside them.
        variables = {
            "RAY_worker_niceness": "0",
            "PYTHONPATH": str(release),
            "XDG_CACHE_HOME": str(self._folder / name),
            **(environment or {}),
        }
        node = self._cluster.add_node(
            num_cpus=1, num_gpus=cards, object_store_memory=STORE, env_vars=variables, node_name=name, wait=False
        )
        self._cluster._wait_for_node(node, timeout=STARTING)
        return node

    def workers(self) -> list[Any]:
        """The nodes but the head."""
        return list(self._cluster.worker_nodes)

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

    def drain(self, node: Any) -> None:
        """Tell the cluster that a node is to leave, as an autoscaler does before it takes one away."""
        from ray._raylet import GcsClient  # type: ignore[attr-defined]

        accepted, why = GcsClient(address=self.address).drain_node(node.node_id, PREEMPTION, "scale-in", NEVER)
        if not accepted:
            raise RuntimeError(why)

    @staticmethod
    def processes(node: Any) -> list[psutil.Process]:
        """The node's processes, workers and their children among them."""
        found = []
        for info in chain.from_iterable(node.all_processes.values()):
            with suppress(psutil.NoSuchProcess):  # some end by themselves
                process = psutil.Process(info.process.pid)
                found += [process, *process.children(recursive=True)]
        return found

    def actors(self, node: Any) -> list[psutil.Process]:
        """The processes of our workers on a node."""
        return [each for each in self.processes(node) if "NodeWorker" in _command(each)]

    def close(self) -> None:
        """End all nodes, at once: each would wait for half a minute to be drained."""
        for node in self.workers():
            self.kill(node)
        if self._cluster.head_node:
            self.kill_head()


def _command(process: psutil.Process) -> str:
    """The process's command line; empty if it has just ended."""
    with suppress(psutil.Error):
        return " ".join(process.cmdline())
    return ""
