"""The operator's commands, each in its process."""

import asyncio
import base64
import re
import signal
import sys
from pathlib import Path

import psutil
import pytest

from bot.cli.check import application_id
from bot.config import load
from bot.store import Store
from sandbox import LocalDiscord
from tests.bot.command_line import ROOT, TOKEN, criar, criar_here


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(f'[storage]\nfolder = "{tmp_path / "data"}"\n')
    return path


async def test_check_passes_where_all_is_well_and_prints_the_invitation(config: Path) -> None:
    """With a token of the right form every finding is ok, and the link carries id and permissions."""
    code, said = await criar_here("check", "--offline", "--config", str(config), token=TOKEN)
    assert code == 0
    assert "FAIL" not in said
    link = re.search(r"https://discord\.com/oauth2/authorize\S+", said)
    assert link
    assert "client_id=123456789012345678" in link[0]
    assert "applications.commands" in link[0]
    assert "permissions=" in link[0]


@pytest.mark.parametrize(
    ("text", "token", "words"),
    [
        ("", None, "DISCORD_TOKEN is not set"),
        ("", "not-a-token", "has not the form of a bot's token"),
        ('[generation]\nmodels = ["criar-embeded"]', TOKEN, "did you mean criar-embedded"),
        ('[storage]\nfolder = "/proc/nowhere"', TOKEN, "cannot be written"),
    ],
)
async def test_check_fails_with_the_remedy(tmp_path: Path, text: str, token: str | None, words: str) -> None:
    """What is missing is said with what to do, and the exit code is 1."""
    config = tmp_path / "config.toml"
    config.write_text(text or f'[storage]\nfolder = "{tmp_path / "data"}"\n')
    code, said = await criar_here("check", "--offline", "--config", str(config), token=token)
    assert code == 1
    assert "FAIL" in said
    assert words in said


async def test_a_wrong_configuration_ends_with_one_line_and_no_traceback(tmp_path: Path) -> None:
    """An unknown key ends the program with 2, and the line names file and key."""
    config = tmp_path / "config.toml"
    config.write_text("[storage]\nfoldr = 'x'")
    code, said = await criar("run", "--config", str(config), token=TOKEN)
    assert code == 2
    assert f"{config}: storage.foldr" in said
    assert "Traceback" not in said


@pytest.mark.slow
async def test_a_token_that_discord_refuses_is_said_in_one_line(config: Path) -> None:
    """Logging in with a wrong token ends with 2 and what to do."""
    async with LocalDiscord() as local:
        config.write_text(config.read_text() + f'[discord]\napi = "{local.api}"\n')
        code, said = await criar("run", "--config", str(config), token=TOKEN)
    assert code == 2
    assert "Discord refuses the token" in said
    assert "Traceback" not in said
    assert TOKEN not in said


async def test_the_operator_changes_limits_from_the_command_line(config: Path) -> None:
    """All of ``quota`` works on the database without a running bot, and each change is recorded with a reason."""
    config.write_text(config.read_text() + "[plans.free]\n[plans.gold]\nimages_per_day = 200\n")
    store = Store(load(config))
    await store.open()
    await store.close()

    async def quota(*arguments: str) -> str:
        return (await criar_here("quota", *arguments, "--config", str(config)))[1]

    assert "0 of 77 images" in await quota("set", "5", "77", "--reason", "helps a lot")
    assert "0 of 77 images used today, 77 left, 9 granted (plan gold)" in "".join(
        [await quota("plan", "5", "gold", "-r", "paid"), await quota("grant", "5", "9", "-r", "won the contest")]
    )
    assert "there is no plan silver; the configuration has free, gold" in await quota("plan", "5", "silver", "-r", "x")
    assert "Missing option '--reason'" in await quota("ban", "5")
    lines = (await quota("audit")).splitlines()
    assert [line.split("  ")[1:] for line in lines[::-1]] == [
        ["command-line", "set", "77", "member 5", "everywhere", "helps a lot"],
        ["command-line", "plan", "gold", "member 5", "everywhere", "paid"],
        ["command-line", "grant", lines[0].split("  ")[3], "member 5", "everywhere", "won the contest"],
    ]


async def test_a_bot_that_never_connected_is_not_healthy(config: Path) -> None:
    """The health check fails where no bot has touched its sign of life, and says so."""
    code, said = await criar_here("health", "--config", str(config))
    assert code == 1
    assert "was ever connected" in said


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "!!!.b.c", f"{base64.b64encode(b'word').decode()}.b.c"])
def test_what_is_no_token_has_no_application(token: str) -> None:
    """Only three parts, the first a number in base64, name an application."""
    assert application_id(token) is None


@pytest.mark.slow
async def test_the_demo_ends_with_all_its_processes() -> None:
    """The demo prints the page's address, and after SIGINT none of its processes is left."""
    demo = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "demo", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert demo.stdout
    async with asyncio.timeout(60):
        async for line in demo.stdout:
            if b"http://127.0.0.1:" in line:
                break
    family = psutil.Process(demo.pid).children(recursive=True)
    assert len(family) >= 3
    demo.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(demo.wait(), 30) == 0
    _, alive = await asyncio.to_thread(psutil.wait_procs, family, 10)
    assert not alive
