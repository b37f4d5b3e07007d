"""What a cluster has and does, for whoever asks at a terminal; the bot need not run. Blocks."""

from collections.abc import Iterator
from typing import Any

from ..errors import GenerationError
from .cards import Card, actor_name, cards_of
from .node_messages import ClusterConfig, WorkerState

PATIENCE = 10.0  # seconds for a worker's answer


def survey(config: ClusterConfig) -> Iterator[tuple[Card, WorkerState | None]]:
    """Each card that a bot of this configuration may use, and what its worker there does.

    None stands for a card without a worker that answers. Raises GenerationError if Ray is not installed or the cluster
    is out of reach.
    """
    try:
        import ray as found
    except ImportError as error:
        raise GenerationError("Ray is not installed here; install this package with [cluster].") from error
    ray: Any = found  # untyped in parts
    try:
        ray.init(config.address, namespace=config.namespace, log_to_driver=False, configure_logging=False)
    except Exception as error:
        raise GenerationError(
            "The cluster at {address} is out of reach: {reason}", address=config.address, reason=str(error)
        ) from error
    try:
        for node in ray.nodes():
            for card in cards_of(node, cpu=config.cpu) if node["Alive"] else ():
                try:
                    yield card, ray.get(ray.get_actor(actor_name(card)).status.remote(), timeout=PATIENCE)
                except (ValueError, ray.exceptions.RayError):
                    yield card, None
    finally:
        ray.shutdown()
