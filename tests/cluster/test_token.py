"""A cluster that asks for a token, started by Ray's own commands as docs/cluster.md says."""

import asyncio
import os
import secrets
import socket
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks.nodes import ROOT, STORE

BOT = """
import asyncio, sys
from generation import Catalogue, ClusterConfig, Service

async def main():
    service = Service(Catalogue.load(), (), cluster=ClusterConfig(address=sys.argv[1], cpu=True))
    await service.start()
    before = service.cluster().trouble
    # The first one comes before the head is there, and tries until it is.
    patient = sys.argv[2] == "patient"
    while not (state := service.cluster()).cards and (patient or state.trouble in (None, before)):
        await asyncio.sleep(0.1)
    await service.close()
    print("joined" if state.cards else "refused", flush=True)

asyncio.run(main())
"""


async def _bot(address: str, environment: dict[str, str], manner: str) -> str:
    """Whether a bot with this environment joins the cluster; one that is "hasty" goes at the first trouble."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, address, manner, stdout=PIPE, cwd=ROOT, env=environment
    )
    out, _ = await asyncio.wait_for(process.communicate(), 400)
    return out.decode().strip()


@asynccontextmanager
async def _head(port: int, folder: Path, environment: dict[str, str]) -> AsyncIterator[Process]:
    """A head that lends one CPU, until the end."""
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("ray"), "start", "--head", "--block", f"--port={port}", "--num-cpus=1",
        "--num-gpus=0", "--include-dashboard=false", f"--object-store-memory={STORE}", f"--temp-dir={folder}",
        stdout=PIPE, stderr=PIPE, env={**environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 60)
        except TimeoutError:
            process.kill()
            await process.wait()


async def test_who_has_the_token_joins_and_who_has_not_is_refused() -> None:
    """With RAY_AUTH_MODE=token a bot with the head's token gets its cards; one with another token does not."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    token = secrets.token_hex(32)
    environment = {**os.environ, "RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
    address = f"{socket.gethostbyname(socket.gethostname())}:{port}"
    # Ray's sockets lie there, and their paths must be short.
    with tempfile.TemporaryDirectory(prefix="ray") as folder:
        async with _head(port, Path(folder), environment):
            assert await _bot(address, environment, "patient") == "joined"
            stranger = environment | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
            assert await _bot(address, stranger, "hasty") == "refused"
