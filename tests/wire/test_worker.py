"""The process that makes pictures breaks, and the bot beside it stays connected and in time."""

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import psutil
import pytest

from sandbox import Asked, LocalDiscord
from tests.children import say_to_parent

from .bot import HEARTBEAT, Bot, worker
from .commands import done, public, slash

LATE = HEARTBEAT / 1000 + 1.0  # seconds after one heartbeat, from which the next is late, on a busy machine


@asynccontextmanager
async def in_time(local: LocalDiscord) -> AsyncIterator[None]:
    """The bot stays in its session, and none of its heartbeats is late meanwhile."""
    clock, beats = asyncio.get_running_loop().time, local.gateway.heartbeats
    session, began = [*local.gateway.sessions], clock()
    yield
    assert [*local.gateway.sessions] == session
    assert local.gateway.connected
    times = [began, *(beat for beat in beats if beat > began), clock()]
    gaps = [after - before for before, after in pairwise(times)]
    assert len(gaps) > 2
    assert max(gaps) < LATE


@pytest.mark.slow
async def test_a_bot_that_stands_still_is_found_late(local: LocalDiscord, bot: Bot) -> None:
    """What the tests below rule out is seen where it happens: the bot's loop stands still for a moment."""
    assert bot.process
    process = psutil.Process(bot.process.pid)
    with pytest.raises(AssertionError):
        await standing_still(local, process)


async def standing_still(local: LocalDiscord, process: psutil.Process) -> None:
    """Suspend the bot for longer than it may be late, between two heartbeats in time."""
    async with in_time(local):
        await asyncio.sleep(1.5 * HEARTBEAT / 1000)
        process.suspend()
        await asyncio.sleep(LATE)
        process.resume()
        await asyncio.sleep(1.5 * HEARTBEAT / 1000)


@pytest.mark.slow
async def test_the_workers_death_costs_one_more_try(local: LocalDiscord, bot: Bot) -> None:
    """When the child is killed in mid-picture, the picture is made at the second attempt and delivered once."""
    asked = await _under_way(local, "a cat of two lives")
    async with in_time(local):
        worker(bot).kill()
        assert "ready" in await done(local, asked)
    assert len(public(local, "a cat of two lives")[0].attachments) == 1


@pytest.mark.slow
async def test_a_worker_that_hangs_keeps_nobody_from_an_answer(local: LocalDiscord, bot: Bot) -> None:
    """While the child stands still, commands are answered in time; killed, it costs its picture one more try."""
    asked = await _under_way(local, "a cat that stands still")
    async with in_time(local):
        hung = worker(bot)
        hung.suspend()
        waiting = [slash(local, "txt2img", "milo", prompt=f"a cat behind it {n}", count=4) for n in range(3)]
        for each in (*waiting, slash(local, "queue", "milo")):
            await local.acknowledged(each)
            await local.answered(each)
        hung.kill()
        assert "ready" in await done(local, asked)
        for each in waiting:
            assert "ready" in await done(local, each)
    assert len(public(local, "a cat that stands still")[0].attachments) == 1


@pytest.mark.slow
async def test_garbage_from_the_worker_costs_one_more_try(local: LocalDiscord, bot: Bot) -> None:
    """A child that says what cannot be read is replaced, and its picture is delivered once."""
    asked = await _under_way(local, "a cat of nonsense")
    async with in_time(local):
        say_to_parent(worker(bot), b"\x80garbage")
        assert "ready" in await done(local, asked)
    assert len(public(local, "a cat of nonsense")[0].attachments) == 1


@pytest.mark.slow
async def test_memory_that_runs_out_is_said_and_costs_nobody_else(local: LocalDiscord, bot: Bot) -> None:
    """Where pictures do not fit, their member is told, or the next child makes them; the rest goes on."""
    await done(local, slash(local, "txt2img", prompt="a cat to begin with", num_inference_steps=2))
    full = worker(bot)
    async with in_time(local):
        full.rlimit(psutil.RLIMIT_AS, (full.memory_info().vms + 2**20, resource.RLIM_INFINITY))
        told = await done(local, slash(local, "txt2img", prompt="a cat too large", num_inference_steps=2, count=4))
        assert "Nothing was made." in told or "ready" in told
        if full.is_running():
            full.rlimit(psutil.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert "ready" in await done(local, slash(local, "txt2img", prompt="a cat that fits", num_inference_steps=2))


@pytest.mark.slow
async def test_workers_that_die_while_they_load_are_replaced(local: LocalDiscord, bot: Bot) -> None:
    """Two children die before they are ready; the third makes what waits, and no attempt is counted for it."""
    assert bot.process
    async with in_time(local):
        dead = worker(bot)
        dead.kill()
        asked = slash(local, "txt2img", prompt="a cat with patience for three", num_inference_steps=2)
        for _ in range(2):
            dead = await _successor(bot.process.pid, dead)
            dead.kill()
        assert "ready" in await done(local, asked)
    assert len(public(local, "a cat with patience for three")[0].attachments) == 1


async def _under_way(local: LocalDiscord, prompt: str) -> Asked:
    """A picture of many steps that has been begun."""
    asked = slash(local, "txt2img", prompt=prompt, num_inference_steps=100)
    await local.wait_for(lambda: "step" in asked.content, 200)
    return asked


async def _successor(bot: int, dead: psutil.Process) -> psutil.Process:
    """The worker that is started after one has died."""
    async with asyncio.timeout(30):
        while True:
            for child in psutil.Process(bot).children():
                if child.create_time() > dead.create_time() and "spawn_main" in " ".join(child.cmdline()):
                    return child
            await asyncio.sleep(0.05)
