"""What several test modules need: a running service, jobs for the embedded model, pixels of a picture."""

import asyncio
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from generation import Cancelled, Event, Failed, Finished, Job, Picture, Request, Service, Task

TERMINAL = (Finished, Failed, Cancelled)


class Studio:
    """A running service; collects what happens to pictures."""

    def __init__(self, service: Service, patience: float = 240.0) -> None:
        self.service = service
        #: seconds to wait for an event
        self._patience = patience
        self.events: dict[str, list[Event]] = {}
        self._happened = asyncio.Condition()
        self._task = asyncio.create_task(self._collect())

    async def _collect(self) -> None:
        async for event in self.service.events():
            async with self._happened:
                self.events.setdefault(event.picture_id, []).append(event)
                self._happened.notify_all()

    async def wait(self, picture_id: str, *kinds: type[Event]) -> Event:
        """The first event of these kinds."""

        def found() -> Event | None:
            return next((event for event in self.events.get(picture_id, []) if isinstance(event, kinds)), None)

        async with self._happened:
            event = await asyncio.wait_for(self._happened.wait_for(found), self._patience)
        assert event
        return event

    def taking_nothing(self) -> asyncio.Condition:
        """A context in which no event is handled."""
        return self._happened

    async def make(self, pictures: Sequence[Picture]) -> list[Event]:
        """Submit pictures and wait for their ends."""
        self.service.submit(pictures)
        return [await self.wait(picture.id, *TERMINAL) for picture in pictures]

    async def close(self) -> None:
        await self.service.close()
        await self._task


_numbers = iter(range(10_000))


def job(user_id: int = 1, **fields: Any) -> Job:
    """A job for the embedded model, with small settings unless others are given."""
    defaults: dict[str, Any] = {
        "task": Task.TXT2IMG,
        "model": "criar-embedded",
        "prompt": "a red apple on a blue background",
        "seed": 3,
        "width": 512,
        "height": 512,
        "num_inference_steps": 8,
        "guidance_scale": 4.0,
        "scheduler": "DDIM",
    }
    return Job(id=f"job{next(_numbers)}", user_id=user_id, request=Request(**{**defaults, **fields}))


def pixels(event: Event) -> np.ndarray:
    """A finished picture as float64 of shape (height, width, 3)."""
    assert isinstance(event, Finished), event
    return np.asarray(Image.open(io.BytesIO(event.png)).convert("RGB")).astype(np.float64)
