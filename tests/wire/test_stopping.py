"""The bot is told to stop while pictures are made and others wait; and what a wrong start is told."""

import asyncio
import os
import sys
from pathlib import Path

import psutil
import pytest

from sandbox import LocalDiscord

from .bot import UNFILTERED, Bot, held, running
from .commands import announced, done, public, slash

GOES_ON = "I am being restarted; this continues by itself afterwards."


@pytest.mark.slow
async def test_what_is_being_made_is_finished_and_what_waits_is_told(tmp_path: Path) -> None:
    """SIGTERM: the running picture is delivered before the bot ends, the waiting one after its restart."""
    async with running(tmp_path, f"[generation]\nfinish_seconds = 100\n{UNFILTERED}") as (local, bot):
        await done(local, slash(local, "txt2img", "olga", prompt="to begin with", num_inference_steps=2))
        with held(bot):
            first = slash(local, "txt2img", prompt="the last cat", num_inference_steps=2)
            await announced(local, "the last cat")
            # More than a worker takes at once.
            asked = [slash(local, "txt2img", prompt=f"cats {n}", num_inference_steps=2, count=4) for n in range(4)]
            for each in asked:
                await local.answered(each)
            waiting = slash(local, "txt2img", "milo", prompt="a cat in line", num_inference_steps=2)
            await announced(local, "a cat in line")
            stopping = asyncio.create_task(bot.stop(120))
            await local.wait_for(lambda: waiting.content == GOES_ON, 200)
            late = slash(local, "txt2img", "milo", prompt="too late a cat")
            await local.answered(late)
            assert "I am being restarted; ask again in a minute." in late.content
        assert await stopping == 0
        assert len(public(local, "the last cat")[0].attachments) == 1
        assert "ready" in first.content
        await bot.start()
        assert "ready" in await done(local, waiting)


@pytest.mark.slow
async def test_what_cannot_be_finished_in_time_goes_on_after_the_restart(tmp_path: Path) -> None:
    """With no time left the bot ends all the same, tells the member, leaves no child, and charges one picture once."""
    async with running(tmp_path, f"[generation]\nfinish_seconds = 0.5\n{UNFILTERED}") as (local, bot):
        await done(local, slash(local, "txt2img", "milo", prompt="to begin with", num_inference_steps=2))
        with held(bot):
            asked = slash(local, "txt2img", prompt="a cat with patience", num_inference_steps=2)
            await announced(local, "a cat with patience")
            assert bot.process
            children = psutil.Process(bot.process.pid).children(recursive=True)
            assert await bot.stop() == 0
        assert asked.content == GOES_ON
        _, alive = await asyncio.to_thread(psutil.wait_procs, children, 10)
        assert not alive
        await bot.start()
        assert "19 of 20" in await done(local, asked)
        assert [len(m.attachments) for m in public(local, "a cat with patience")] == [1]


@pytest.mark.slow
async def test_a_second_bot_on_the_same_folder_ends_with_a_sentence(local: LocalDiscord, bot: Bot) -> None:
    """Started by mistake, it touches nothing and names the process that runs; the command line works beside it."""
    assert bot.process
    code, said = await _criar(local, bot, "run")
    assert code == 2
    assert f"another bot (process {bot.process.pid}) runs on" in said
    assert "Traceback" not in said
    code, said = await _criar(local, bot, "backup", str(bot.folder / "copy.db"))
    assert code == 0
    assert "checked" in said


async def _criar(local: LocalDiscord, bot: Bot, command: str, *arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", command, *arguments, "--config", str(bot.config),
        env={**os.environ, "DISCORD_TOKEN": local.token},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()
