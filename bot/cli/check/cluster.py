"""generation.cluster: whether Ray is installed and the head answers."""

import socket
from importlib.util import find_spec

from bot.cli.check.finding import Finding, bad, good
from bot.config.schema import Cluster

PATIENCE = 5.0  # seconds for a cluster's head to answer


def look_at_cluster(cluster: Cluster) -> Finding:
    """Whether the bot could use the cluster."""
    if not find_spec("ray"):
        return bad('generation.cluster: Ray is not installed here; run pip install ".[cluster]"')
    host, _, port = cluster.address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=PATIENCE).close()
    except OSError as error:
        return bad(
            f"generation.cluster.address: nothing answers at {cluster.address} ({error}); start the head there, "
            "as docs/cluster.md says, or take [generation.cluster] out"
        )
    return good(f"A head answers at {cluster.address}; criar cluster status shows its cards")
