"""Children of a parent that is killed or ends: none outlives it, or keeps it, at whatever moment it happens."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

PARENT = """
import asyncio, io
from PIL import Image
from generation import Catalogue, Inspector, Service

async def main():
    service, inspector, file = Service(Catalogue.load()), Inspector(), io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "PNG")
    await inspector.open_picture(file.getvalue())
    await service.start()
    print(service.worker_pids()[0], flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""

FORGETFUL = """
import asyncio
from generation.workers.local import LocalWorker

async def main():
    ready = asyncio.Event()
    worker = LocalWorker({}, "cpu", 1, 1.0, None, on_event=lambda *_: ready.set(), on_exit=lambda _: None)
    await asyncio.wait_for(ready.wait(), 60)
    print(worker.pid, flush=True)

asyncio.run(main())
"""

SOON = 15.0  # seconds; one that has just been born first loads what it runs, on a busy machine


@pytest.mark.parametrize(
    ("library", "hangs"),
    [("", False), ("pydantic_core", False), ("libtorch_cpu", False), ("libtorch_cpu", True)],
    ids=["is born", "loads what it runs", "loads torch", "hangs"],
)
@pytest.mark.slow
async def test_no_child_outlives_a_parent_that_is_killed(library: str, hangs: bool) -> None:
    """Killed with SIGKILL while its worker starts, or hangs, the parent leaves neither that nor any other child."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    worker = psutil.Process(int(await parent.stdout.readline()))
    maps = Path(f"/proc/{worker.pid}/maps")
    async with asyncio.timeout(60):
        while library not in maps.read_text():  # noqa: ASYNC110 - makes no event
            await asyncio.sleep(0.03)
    children = psutil.Process(parent.pid).children(recursive=True)
    assert worker in children
    if hangs:
        worker.suspend()
    parent.kill()
    await parent.wait()
    await asyncio.to_thread(psutil.wait_procs, children, SOON)
    assert not [child.cmdline() for child in children if child.is_running()]


@pytest.mark.slow
async def test_a_parent_that_ends_without_closing_waits_for_no_child() -> None:
    """A parent that comes to its end by itself, as after an error, ends at once, and its idle worker with it."""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", FORGETFUL, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    pid = int(await parent.stdout.readline())
    try:
        assert await asyncio.wait_for(parent.wait(), SOON) == 0
    except TimeoutError:
        parent.kill()
        raise
    assert not psutil.pid_exists(pid)
