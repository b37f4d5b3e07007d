"""What members are told while they wait."""

from dataclasses import dataclass
from typing import Any

import pytest

from bot.progress import describe_place
from bot.text import speaker


@dataclass
class Queue:
    """Stands for a service whose device is busy."""

    places: int | None
    seconds: float | None

    def ahead(self, _: str) -> int | None:
        return self.places

    def estimate(self, _: str) -> float | None:
        return self.seconds


@pytest.mark.parametrize(
    ("ahead", "seconds", "told"),
    [
        (None, None, "You are next."),
        (0, 0.2, "You are next."),
        (0, 45.3, "You are next. About 45 s to wait."),
        (1, None, "1 picture is ahead of yours."),
        (7, 12.0, "7 pictures are ahead of yours. About 12 s to wait."),
        (90, 610.0, "90 pictures are ahead of yours. About 10 min to wait."),
    ],
)
def test_the_wait_is_told_where_it_is_known(ahead: int | None, seconds: float | None, told: str) -> None:
    """Place and wait are told together, long waits in minutes."""
    queue: Any = Queue(ahead, seconds)
    assert describe_place(speaker("en-US"), queue, "job:0") == told
