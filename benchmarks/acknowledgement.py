"""Milliseconds from a command to its acknowledgement, while the worker is busy and twenty commands arrive per second.

Measured once with only these commands in the queue, and once with 40,000 images waiting when the bot starts.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import numpy as np
from sqlite_utils import Database as Tables

from bot.config import load
from bot.store import JobRow, Store
from sandbox import LocalDiscord

from .pictures import picture
from .rig import bot_beside, local_bot

RATE = 20.0  # commands per second
MEMBERS = 40
STEPS = 50
WAITING, EACH = 40_000, 20  # images that wait, and how many per member: what the free plan allows
OLDEST = timedelta(hours=3)  # since the first of them was requested
APART = timedelta(hours=2) / WAITING  # so that all interaction tokens have expired, as most would have


async def run(*, quick: bool) -> dict[str, float]:
    """Measure p50 and p99 over all commands, alone and behind 40,000 images; Discord allows 3,000 ms."""
    number = 200 if quick else 1200
    async with local_bot() as local:
        figures = _figures(await _times(local, number), "{}")
    began = 0.0

    async def prepare(config: Path, local: LocalDiscord) -> None:
        nonlocal began
        await _fill(config, local)
        began = perf_counter()

    async with bot_beside(prepare) as (local, _, _):
        start = perf_counter() - began
        full = _figures(await _times(local, number), "ack_{}_full")
    return {"commands": number, **figures, **full, "waiting": WAITING, "start_seconds_full": round(start, 1)}


async def _times(local: LocalDiscord, number: int) -> list[float]:
    """Milliseconds to the acknowledgement of each of ``number`` commands."""
    members = [local.world.add_member(f"member{number}") for number in range(MEMBERS)]
    asked = []
    for place in range(number):
        options = {"prompt": f"a cat {place}", "num_inference_steps": STEPS}
        asked.append(local.people.slash(members[place % MEMBERS], local.world.channel_id, "txt2img", options))
        await asyncio.sleep(1 / RATE)
    await local.wait_for(lambda: all(each.milliseconds is not None for each in asked), 10)
    return [each.milliseconds for each in asked if each.milliseconds is not None]


def _figures(times: list[float], name: str) -> dict[str, float]:
    """Quantiles; ``name`` is the pattern of their names, with {} for the quantile."""
    figures = {"p50_ms": np.percentile(times, 50), "p99_ms": np.percentile(times, 99), "max_ms": max(times)}
    return {name.format(key): round(float(value), 1) for key, value in figures.items()}


async def _fill(config: Path, local: LocalDiscord) -> None:
    """Fill the queue: each image is a job that was announced in the channel."""
    store = Store(load(config))
    await store.open()
    now, request = datetime.now(UTC), picture("waits", 0, STEPS).request

    def insert(tables: Tables) -> None:
        for number in range(WAITING):
            job = JobRow(
                id=f"{number:012x}", interaction_id=number + 1, user_id=number % (WAITING // EACH) + 1,
                guild_id=local.world.guild_id, channel_id=local.world.channel_id, locale="en-US", upload_limit=10**7,
                request=request, token="over",  # noqa: S106
                created_at=now - OLDEST + number * APART,
            )  # fmt: skip
            store.jobs.insert(tables, job, f"{now:%Y-%m-%d}", [None], 1)
        tables.execute("UPDATE jobs SET message_id = interaction_id")

    await store._database.write(insert)
    await store.close()
