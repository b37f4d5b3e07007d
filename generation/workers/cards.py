"""The cards of a cluster's nodes, and under which names their workers are found."""

from dataclasses import dataclass
from typing import Any

#: a node's id, and a card's number on it
Place = tuple[str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Where a worker works."""

    #: the node's host name
    node: str
    #: the node's id in the cluster
    node_id: str
    #: its number on the node; None is the node's CPU
    number: int | None
    #: such as "H200", as far as the cluster knows it
    kind: str = ""
    #: of a CPU, and of the node's cores by its cards
    threads: int = 1
    #: how many workers share the node's memory
    neighbours: int = 1

    @property
    def place(self) -> Place:
        """What tells it from all others of the cluster."""
        return self.node_id, self.number

    @property
    def name(self) -> str:
        """What the operator calls it."""
        place = "cpu" if self.number is None else f"gpu{self.number}"
        return f"{self.node}/{place}" + (f" ({self.kind})" if self.kind else "")


def cards_of(node: dict[str, Any], *, cpu: bool) -> list[Card]:
    """The cards of one of ray.nodes(), or its CPU if it has none and that may be used."""
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
