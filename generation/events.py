"""What happens to pictures, as workers report it: frozen, picklable, without tensors."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened to a picture; carries the attempt, so that late events can be dropped."""

    picture_id: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Event):
    """A worker took the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    """A remark on the picture for its member, as a sentence's template and its parameters."""

    template: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)

    @property
    def sentence(self) -> Sentence:
        """What is to be said."""
        return Sentence(self.template, self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress(Event):
    """Denoising steps done: ``step`` of ``of``."""

    step: int
    of: int
    #: forward passes since the last report; one that is made together with other pictures counts in part
    passes: float = 0.0
    #: of its own in those passes
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Enlarging(Event):
    """It is being enlarged, before its steps, after them or in place of them: ``done`` tiles ``of`` so many."""

    done: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview(Event):
    """What the picture looks like so far, as a small JPEG."""

    jpeg: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished(Event):
    """The picture is made: PNG bytes with its parameters in them. Terminal."""

    png: bytes
    seed: int
    #: wall time from Started, in seconds
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Event):
    """The picture could not be made. Terminal for this attempt."""

    #: a sentence's template and its parameters
    template: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)
    #: whether another attempt may succeed (the worker died, not the request was wrong)
    retryable: bool = False
    #: for the operator, what a library said of a model that cannot be loaded; nothing of the request stands in it
    reason: str = ""

    @property
    def sentence(self) -> Sentence:
        """Why."""
        return Sentence(self.template, self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled(Event):
    """The picture was cancelled before it was finished. Terminal."""


#: the events that end an attempt at a picture
TERMINAL = (Finished, Failed, Cancelled)
