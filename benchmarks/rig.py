"""A local Discord and the real bot beside it, for benchmarks that go through both."""

import asyncio
import os
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import IO

from generation.process_lifetime import end_with
from sandbox import LocalDiscord

GENEROUS = """
[plans.free]
images_per_day = 100000
waiting = 1000
[flooding]
member_commands = 1000
server_waiting = 100000
waiting = 100000
# The detector sometimes mistakes the small model's drawings, and a benchmark counts what arrives.
[filter]
strict = {}
"""


@asynccontextmanager
async def local_bot() -> AsyncIterator[LocalDiscord]:
    """Run a local Discord with the bot connected and its model loaded; nobody hits a limit."""
    async with bot_beside() as (local, _, _):
        yield local


@asynccontextmanager
async def bot_beside(
    prepare: Callable[[Path, LocalDiscord], Awaitable[None]] | None = None,
) -> AsyncIterator[tuple[LocalDiscord, Path, int]]:
    """Run both as local_bot does; yield also the folder of the bot's data and its process id.

    ``prepare`` gets the path of the configuration file before the bot starts; with it, no first picture is made.
    """
    with tempfile.TemporaryDirectory() as folder:
        async with LocalDiscord() as local:
            config, data = Path(folder) / "config.toml", Path(folder) / "data"
            text = f'[discord]\napi = "{local.api}"\n[storage]\nfolder = "{data}"\n{GENEROUS}'
            await asyncio.to_thread(config.write_text, text)
            if prepare:
                await prepare(config, local)
            bot = await start_bot(local, config)
            try:
                await local.connected()
                if not prepare:
                    await picture(local, "a cat, to load the model")
                yield local, data, bot.pid
            finally:
                bot.terminate()
                await bot.wait()


async def start_bot(local: LocalDiscord, config: Path, log: IO[bytes] | int = DEVNULL) -> Process:
    """Start the bot as a process that is terminated when this one ends, however it ends."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--config", str(config), stderr=log,
        env={**os.environ, "DISCORD_TOKEN": local.token}, preexec_fn=partial(end_with, os.getpid(), signal.SIGTERM),
    )  # fmt: skip


async def picture(local: LocalDiscord, prompt: str) -> float:
    """Request one picture with default settings; return the perf_counter at which its delivery arrived."""
    asked = local.people.slash(local.world.members["ana"], local.world.channel_id, "txt2img", {"prompt": prompt})
    await local.wait_for(lambda: [m for m in local.messages() if prompt in m.content and m.attachments], 300)
    delivery = next(call for call in reversed(local.rest.calls) if call.method == "PATCH" and "/channels/" in call.path)
    await local.wait_for(lambda: "left today" in asked.content)
    return delivery.at
