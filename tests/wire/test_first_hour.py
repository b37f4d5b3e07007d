"""From an empty folder with what README says: init, check, run, a picture, figures, a backup, and on elsewhere."""

import asyncio
import os
import re
import sys
from pathlib import Path

import aiohttp
import pytest

from sandbox import LocalDiscord
from tests.bot.command_line import ROOT

from .bot import UNFILTERED
from .commands import delivered, done, slash
from .test_metrics import free_port, read

PATIENCE = 400


async def criar(folder: Path, command: str, token: str = "") -> tuple[int, str]:
    """A command of the operator's, in their folder; its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *command.split(), cwd=folder, env=environment(token),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


def environment(token: str) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("DISCORD_TOKEN", "CRIAR_CONFIG")}
    return kept | {"PYTHONPATH": str(ROOT)} | ({"DISCORD_TOKEN": token} if token else {})


@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_the_first_hour_from_an_empty_folder(tmp_path: Path) -> None:
    """Each command does what README says it does, and another folder goes on with the backup."""
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    async with LocalDiscord() as local:
        code, said = await criar(here, "init")
        assert (code, "FAIL" in said) == (0, False), said
        config, address = here / "config.toml", f"127.0.0.1:{free_port()}"
        text = config.read_text().replace("operators = []", f"operators = [{local.world.members['olga']}]")
        text = text.replace("[discord]", f'[discord]\napi = "{local.api}"', 1)
        config.write_text(
            re.sub(r"devices = .*", 'devices = ["cpu"]', text) + f'[metrics]\naddress = "{address}"\n{UNFILTERED}'
        )
        code, said = await criar(here, "check", local.token)
        assert code == 0, said
        assert "Discord takes the token" in said
        with (here / "log").open("wb") as log:
            bot = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", cwd=here, env=environment(local.token), stderr=log
            )
        try:
            await local.connected()
            await done(local, slash(local, "txt2img", prompt="a red apple", count=1, num_inference_steps=2))
            (picture,) = local.files(delivered(local, "a red apple"))
            async with aiohttp.ClientSession() as session:
                assert "criar_pictures_total" in await read(session, address, "metrics")
                assert await read(session, address, "readyz") == "ok"
            assert (await criar(here, "health"))[0] == 0
            assert (await criar(here, f"backup {there / 'copy.db'}"))[0] == 0
        finally:
            bot.terminate()
            await asyncio.wait_for(bot.wait(), 60)
        (there / "config.toml").write_text(config.read_text())
        (there / "picture.png").write_bytes(picture)
        code, said = await criar(there, "restore copy.db")
        assert code == 0, said
        assert "1 of 20 images used today" in (await criar(there, f"quota show {local.world.members['ana']}"))[1]
        code, said = await criar(there, "check", local.token)
        assert code == 0, said
        assert "This bot made it" in (await criar(there, "provenance picture.png"))[1]
