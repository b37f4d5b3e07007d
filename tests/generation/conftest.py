"""One real worker with the embedded model, shared by the tests that leave it as it was."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw
from pytest_asyncio import is_async_test

from generation import Cancelled, Catalogue, Event, Failed, Finished, Job, Picture, Request, Service, Task

TERMINAL = (Finished, Failed, Cancelled)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share one loop, since they share a worker."""
    for item in items:
        if is_async_test(item) and "tests/generation" in item.path.as_posix():
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


class Studio:
    """A running service; collects what happens to pictures."""

    def __init__(self, service: Service, patience: float = 60) -> None:
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


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def studio(catalogue: Catalogue) -> AsyncIterator[Studio]:
    service = Service(catalogue)
    await service.start()
    studio = Studio(service)
    yield studio
    await studio.close()


@pytest_asyncio.fixture(loop_scope="session")
async def own_studio(catalogue: Catalogue) -> AsyncIterator[Studio]:
    """A worker of its own, for tests that break it."""
    service = Service(catalogue)
    await service.start()
    studio = Studio(service)
    yield studio
    await studio.close()


_numbers = iter(range(10_000))


def job(user_id: int = 1, **fields: object) -> Job:
    """A job for the embedded model, with small settings unless others are given."""
    defaults: dict[str, object] = {
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
    return Job(id=f"job{next(_numbers)}", user_id=user_id, request=Request(**{**defaults, **fields}))  # type: ignore[arg-type]


def pixels(event: Event) -> np.ndarray:
    """A finished picture as float64 of shape (height, width, 3)."""
    import io

    assert isinstance(event, Finished), event
    return np.asarray(Image.open(io.BytesIO(event.png)).convert("RGB")).astype(np.float64)


@pytest.fixture(scope="session")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crude drawing: a red disc on a yellow ground."""
    image = Image.new("RGB", (512, 512), "#f0c020")
    ImageDraw.Draw(image).ellipse((130, 130, 380, 380), fill="#d02020")
    path = tmp_path_factory.mktemp("sketch") / "sketch.png"
    image.save(path)
    return path
