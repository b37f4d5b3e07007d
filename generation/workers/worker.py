"""What the queue's side knows of a worker, wherever it runs."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import monotonic

from ..events import TERMINAL, Event
from ..types import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a worker has loaded and downloads, and how many pictures it wants; sent when ready and on every change."""

    models: frozenset[str]
    #: models whose files are on their way
    fetching: frozenset[str]
    #: with those that it has
    pictures: int


@dataclass(frozen=True, slots=True)
class StillLoading:
    """The worker is loading a model, which may take long; sent now and then."""


@dataclass(frozen=True, slots=True)
class CannotStart:
    """Why the worker ends before it is ready."""

    reason: str


Message = Event | Room | StillLoading | CannotStart


class Worker(ABC):
    """Makes pictures on one device. All of its methods are called on the event loop, where it calls back too."""

    def __init__(
        self,
        device: str,
        on_event: Callable[["Worker", Event | Room], None],
        on_exit: Callable[["Worker"], None],
    ) -> None:
        """``device`` is what the operator calls it.

        ``on_event`` gets its events and each change of its room; ``on_exit`` is called once it is gone, when what it
        did not finish is still in ``running``.
        """
        self.device = device
        #: which disk its models lie on: a node's id, or empty for this machine's
        self.site = ""
        self.resident: frozenset[str] = frozenset()
        #: how often it loaded a model
        self.loads = 0
        #: models that it is fetching, while it makes pictures of others
        self.fetching: frozenset[str] = frozenset()
        #: how many pictures it wants to have; none until it is ready
        self.capacity = 0
        #: pictures that it was given and that have not ended
        self.running: dict[str, Picture] = {}
        #: why it ends, or ended, before it was ready; empty while that is not known
        self.trouble = ""
        #: monotonic() of its start
        self.began = monotonic()
        #: monotonic() of its last sign of life
        self.last_sign = monotonic()
        self._on_event = on_event
        self._on_exit = on_exit

    @property
    @abstractmethod
    def pid(self) -> int | None:
        """Its process id, if it runs on this machine."""

    @property
    def ending(self) -> str:
        """How its process ended, such as "signal SIGKILL"; empty if it is not known here."""
        return ""

    @property
    def has_room(self) -> bool:
        """Whether it wants another picture."""
        return len(self.running) < self.capacity

    def can_make(self, picture: Picture) -> bool:  # noqa: ARG002 - others decide by it
        """Whether it can have what the picture needs: its model and LoRAs."""
        return True

    def submit(self, picture: Picture) -> None:
        """Give it a picture; it joins those that are being made at the next step."""
        if not self.running:
            self.last_sign = monotonic()
        self.running[picture.id] = picture
        self._give(picture)

    @abstractmethod
    def _give(self, picture: Picture) -> None:
        """Send it a picture."""

    @abstractmethod
    def cancel(self, picture_id: str) -> None:
        """Ask it to let go of a picture that it was given."""

    @abstractmethod
    def kill(self) -> None:
        """End it at once; on_exit follows."""

    @abstractmethod
    async def close(self) -> None:
        """End it and wait until it is gone; what it was making is not made, and on_exit does not follow."""

    def _take(self, messages: Iterable[Message]) -> None:
        """Keep and pass on what it says."""
        self.last_sign = monotonic()
        for message in messages:
            if isinstance(message, StillLoading):
                continue
            if isinstance(message, CannotStart):
                self.trouble = message.reason
                continue
            if isinstance(message, Room):
                self.loads += len(message.models - self.resident)
                self.resident, self.fetching, self.capacity = message.models, message.fetching, message.pictures
            elif isinstance(message, TERMINAL):
                self.running.pop(message.picture_id, None)
            self._on_event(self, message)
