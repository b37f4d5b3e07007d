"""The real bot on a cluster: nodes and the bot itself are killed, and members get each picture once."""

import asyncio
import sqlite3
import sys
from pathlib import Path

from benchmarks.nodes import Nodes
from sandbox import LocalDiscord
from tests.wire.bot import UNFILTERED, Bot, running
from tests.wire.commands import done, public, slash

JOBS, EACH = 6, 2
#: begins what is said of a picture that two workers died of
ENDED = "The process that makes pictures ended"


def rows(bot: Bot, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(f"file:{bot.folder / 'data' / 'criar.db'}?mode=ro", uri=True, timeout=30) as database:
        return database.execute(sql).fetchall()


def delivered(local: LocalDiscord) -> int:
    """How many jobs stand in one public message with all their pictures."""
    public = [message for message in local.messages() if not message.is_ephemeral]
    found = [[len(m.attachments) for m in public if f"apple {number} of six" in m.content] for number in range(JOBS)]
    assert all(len(messages) <= 1 for messages in found)
    return found.count([EACH])


async def becomes(bot: Bot, sql: str, expected: list[tuple[object, ...]]) -> None:
    """Wait until the bot's database answers so."""
    async with asyncio.timeout(300):
        while rows(bot, sql) != expected:  # noqa: ASYNC110 - it notes an end when it has Discord's answer
            await asyncio.sleep(0.2)


async def says(bot: Bot, words: str, times: int = 1) -> None:
    """Wait until the bot's log has these words so often."""
    async with asyncio.timeout(300):
        while bot.log.read_text().count(words) < times:  # noqa: ASYNC110 - a file makes no event
            await asyncio.sleep(0.2)


async def status(bot: Bot) -> str:
    """What the operator's command says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "cluster", "status", "--config", str(bot.config), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def test_nodes_and_the_bot_are_killed_and_nothing_is_lost_or_doubled(nodes: Nodes, tmp_path: Path) -> None:
    """Though a node and then the bot are killed, each of six jobs comes whole in one message and is counted once."""
    first, _ = nodes.add("one"), nodes.add("two")
    settings = (
        f"[plans.free]\nimages_per_day = 500\nwaiting = 500\n{UNFILTERED}[generation]\ndevices = ['cpu']\nthreads = 1\n"
        f"[generation.cluster]\naddress = '{nodes.address}'\ncpu = true\n"
    )
    async with running(tmp_path, settings) as (local, bot):
        await says(bot, "makes pictures too", 2)
        assert "2 cards, 2 of them work" in await status(bot)
        for number in range(JOBS):
            slash(local, "txt2img", prompt=f"apple {number} of six", count=EACH, num_inference_steps=40)
        await local.wait_for(lambda: delivered(local), 300)
        nodes.kill(first)
        await says(bot, "is lost")
        await bot.kill()
        await bot.start()
        await local.wait_for(lambda: delivered(local) == JOBS, 600)
        assert rows(bot, "SELECT state, count(*), sum(cost) FROM pictures GROUP BY state") == [
            ("finished", JOBS * EACH, JOBS * EACH)
        ]
        await becomes(bot, "SELECT count(*) FROM jobs WHERE delivered_at IS NULL", [(0,)])


async def test_a_picture_that_kills_two_workers_fails_with_its_sentence(nodes: Nodes, tmp_path: Path) -> None:
    """Its member is told and not charged, it is not tried a third time, and the next picture is made as usual."""
    node = nodes.add("one")
    settings = (
        f"[plans.free]\nimages_per_day = 500\nwaiting = 500\n{UNFILTERED}[generation]\ndevices = []\n"
        f"[generation.cluster]\naddress = '{nodes.address}'\ncpu = true\n"
    )
    async with running(tmp_path, settings) as (local, bot):
        asked = slash(local, "txt2img", prompt="a cat that kills", num_inference_steps=100, size=None)
        for attempt in (1, 2):
            await becomes(bot, "SELECT state, attempt FROM pictures", [("running", attempt)])
            (actor,) = nodes.actors(node)
            actor.kill()
        said = await done(local, asked, ENDED)
        assert "Nothing was made." in said
        assert rows(bot, "SELECT state, attempt FROM pictures") == [("failed", 2)]
        assert "499 of 500 images left today" in await done(local, slash(local, "txt2img", prompt="a cat in peace"))
        assert not public(local, "a cat that kills")
