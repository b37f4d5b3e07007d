"""The bot's command line, run in another process or in this one."""

import asyncio
import base64
import os
import sys
from pathlib import Path

from typer.testing import CliRunner

from bot.cli.main import app

ROOT = Path(__file__).parents[2]
TOKEN = f"{base64.urlsafe_b64encode(b'123456789012345678').decode()}.GhIjKl.abcdefghijklmnopqrstuvwxyz"


async def criar(*arguments: str, token: str | None = None) -> tuple[int, str]:
    """Run the command line; its exit code and what it said."""
    environment = {key: value for key, value in os.environ.items() if key != "DISCORD_TOKEN"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *arguments, cwd=ROOT,
        env=environment | ({"DISCORD_TOKEN": token} if token else {}),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def criar_here(*arguments: str, token: str | None = None) -> tuple[int, str]:
    """Run the command line in this process, which costs no start of another; its exit code and what it said."""
    mask = os.umask(0o077)
    try:
        result = await asyncio.to_thread(CliRunner().invoke, app, arguments, env={"DISCORD_TOKEN": token})
    finally:
        os.umask(mask)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output
