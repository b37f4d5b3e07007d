"""What waits until the local Discord looks as expected."""

import asyncio
from collections.abc import Callable
from typing import Any


class Changes:
    """Lets everything that waits look again after each change."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Event] = set()

    def announce(self) -> None:
        """Say that something changed."""
        for event in self._waiting:
            event.set()

    async def wait_for(self, look: Callable[[], Any], seconds: float) -> Any:
        """Wait until ``look`` returns something true, and return that.

        Raises TimeoutError after ``seconds``.
        """
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(seconds):
                while not (seen := look()):
                    await changed.wait()
                    changed.clear()
                return seen
        finally:
            self._waiting.discard(changed)
