"""What the queue's side knows of a worker, wherever it runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from ..events import Event
from ..types import Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a worker keeps loaded and what it fetches, and how many pictures it wants to have; sent when ready and on
    every change."""

    models: frozenset[str]
    #: models whose files are on their way
    fetching: frozenset[str]
    #: with those that it has
    pictures: int


@dataclass(frozen=True, slots=True)
class StillLoading:
    """The worker is loading a model, which may take long; sent now and then."""


Message = Event | Room | StillLoading


class Worker(Protocol):
    """Makes pictures on one device. Its methods are called on the event loop, and it calls back there: with each event
    and each Room, and once it is gone, by when its unfinished pictures still stand in ``running``."""

    @property
    def device(self) -> str:
        """What the operator calls it: "cuda:0", or the node and its card."""

    @property
    def resident(self) -> frozenset[str]:
        """Ids of the models that are loaded."""

    @property
    def fetching(self) -> frozenset[str]:
        """Ids of the models whose files are on their way, while pictures of others are made."""

    @property
    def capacity(self) -> int:
        """How many pictures it wants to have; none until it is ready."""

    @property
    def running(self) -> Mapping[str, Picture]:
        """Pictures that it was given and that have not ended, by their ids."""

    @property
    def last_sign(self) -> float:
        """monotonic() of its last sign of life."""

    @property
    def pid(self) -> int | None:
        """Process id, if it is a child of this process."""

    @property
    def has_room(self) -> bool:
        """Whether it wants another picture."""

    def can_make(self, picture: Picture) -> bool:
        """Whether the picture's model can be had there."""

    def submit(self, picture: Picture) -> None:
        """Give it a picture; it joins those that are being made at the next step."""

    def cancel(self, picture_id: str) -> None:
        """Ask it to let go of a picture that it was given."""

    def kill(self) -> None:
        """End it at once."""

    async def close(self) -> None:
        """End it and wait until it is gone; what it was making is not made, and nobody is called back."""
