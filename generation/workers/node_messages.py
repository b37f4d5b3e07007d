"""What a bot and its workers on a cluster say to each other, by way of the bridge between them: frozen, picklable."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..types import ModelSpec, Picture
from .cards import Card
from .worker import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """Which cluster, and what of it is ours."""

    #: of its head, such as "10.0.0.1:6379"
    address: str
    #: keeps bots apart that use one cluster: no two may have the same
    namespace: str = "criar"
    #: whether nodes without a card make pictures too, on their CPUs
    cpu: bool = False
    #: how many workers at most; None is one on each card
    workers: int | None = None
    #: whether each picture is made in separate forward passes, as on the bot's own devices
    exact: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a worker on a node has to say."""

    messages: tuple[Message, ...] = ()
    #: seconds since its child gave a sign of life
    silent: float = 0.0
    #: whether its child is gone
    ended: bool = False
    #: why the child ended before it was ready, as far as that is known
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerState:
    """What a worker on a node does just now."""

    release: str
    #: of the libraries
    versions: str
    #: ids of the models that are loaded
    models: frozenset[str] = frozenset()
    #: ids of the models whose files are on their way
    fetching: frozenset[str] = frozenset()
    #: models by the ids of the pictures that are being made
    making: Mapping[str, str] = field(default_factory=dict)


# From the bot to the bridge.


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """Make a picture."""

    worker_id: str
    picture: Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Let a picture go."""

    worker_id: str
    picture_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """End a worker."""

    worker_id: str


# From the bridge to the bot.


@dataclass(frozen=True, slots=True)
class Alive:
    """The bridge is there, and so is the cluster's head; sent every second or so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A worker is there."""

    worker_id: str
    card: Card
    #: such as "torch 2.13.0", of its node
    versions: str
    #: models and LoRAs whose files lie in folders that its node does not have
    missing: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a worker said."""

    worker_id: str
    report: Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining:
    """The worker's node is about to leave: it gets nothing more."""

    worker_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """A worker is gone."""

    worker_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A card cannot be used."""

    card: Card
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """The cluster is out of reach; the bridge ends after this."""

    reason: str


FromBridge = Alive | Joined | Said | Draining | Gone | Refused | Unreachable


Specs = dict[str, ModelSpec]
