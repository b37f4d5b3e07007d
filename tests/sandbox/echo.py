"""The small real bot of these tests, as a process of its own."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sandbox import LocalDiscord

ECHO_BOT = Path(__file__).with_name("echo_bot.py")


@asynccontextmanager
async def echo_bot(local: LocalDiscord) -> AsyncIterator[asyncio.subprocess.Process]:
    """The bot's process, ended afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ECHO_BOT), local.api, local.gateway_address, local.token
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
