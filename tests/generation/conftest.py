"""One real worker with the embedded model, shared by the tests that leave it as it was."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw
from pytest_asyncio import is_async_test

from generation import Catalogue, Service

from .studio import Studio


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here share one loop, since they share a worker."""
    for item in items:
        if is_async_test(item) and "tests/generation" in item.path.as_posix():
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


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


@pytest.fixture(scope="session")
def sketch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crude drawing: a red disc on a yellow ground."""
    image = Image.new("RGB", (512, 512), "#f0c020")
    ImageDraw.Draw(image).ellipse((130, 130, 380, 380), fill="#d02020")
    path = tmp_path_factory.mktemp("sketch") / "sketch.png"
    image.save(path)
    return path
