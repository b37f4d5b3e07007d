"""Everything on one machine: a local Discord as one process, the bot as another, ended together."""

import asyncio
import json
import os
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path

import typer

from bot.config import TOKEN_VARIABLE

READY = "connected as"  # what the bot logs when it is there
END_SECONDS = 15.0  # how long a process may take to end before it is killed


async def demo(port: int) -> int:
    """Run until Ctrl-C or until one of the two ends; returns the exit code."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    typer.echo("Starting the local Discord and the bot …")
    discord = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--port", str(port), stdout=PIPE, start_new_session=True
    )
    line = await discord.stdout.readline() if discord.stdout else b""
    if not line:
        typer.echo("The local Discord did not start; run this in the project's folder, after make install.")
        return 1
    addresses = json.loads(line)
    with tempfile.TemporaryDirectory(prefix="criar-demo-") as folder:
        bot = await _start_bot(Path(folder), addresses)
        announcing = asyncio.create_task(_announce(bot.stderr or asyncio.StreamReader(), addresses["page"]))
        try:
            return await _wait(stop, discord, bot)
        finally:
            # The bot first, so that it does not find Discord gone.
            await _end(bot)
            await _end(discord)
            await announcing


async def _start_bot(folder: Path, addresses: dict[str, str]) -> Process:
    config = folder / "config.toml"
    # The filter's detector now and then takes the small model's drawings for something else; nobody is here to mind.
    config.write_text(
        f'[discord]\napi = "{addresses["api"]}"\n[storage]\nfolder = "{folder / "data"}"\n[filter]\nstrict = {{}}\n',
        encoding="utf-8",
    )
    # In a separate session, so that Ctrl-C reaches only this process, which ends the others in order.
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run", "--config", str(config),
        env={**os.environ, TOKEN_VARIABLE: addresses["token"]}, stderr=PIPE, start_new_session=True,
    )  # fmt: skip


async def _announce(log: asyncio.StreamReader, page: str) -> None:
    """Pass the bot's log on, and print the page's address once the bot is connected."""
    async for line in log:
        text = line.decode(errors="replace").rstrip()
        typer.echo(text, err=True)
        if READY in text:
            typer.echo(f"\n  Open {page} in a browser and type /txt2img\n  Ctrl-C ends it.\n")


async def _wait(stop: asyncio.Event, *processes: Process) -> int:
    """Wait for a signal to stop (0), or until one of the processes ends by itself (1)."""
    waits = [asyncio.create_task(stop.wait()), *(asyncio.create_task(process.wait()) for process in processes)]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    return 0 if all(process.returncode is None for process in processes) else 1


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), END_SECONDS)
    except TimeoutError:
        process.kill()
        await process.wait()
