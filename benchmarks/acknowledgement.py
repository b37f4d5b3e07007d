"""Milliseconds from a command to its acknowledgement, while the worker is busy and twenty commands a second arrive."""

import asyncio

import numpy as np

from .rig import local_bot

RATE = 20.0  # commands a second
MEMBERS = 40
STEPS = 50


async def run(*, quick: bool) -> dict[str, float]:
    """p50 and p99 over all commands; Discord's limit is 3,000 ms."""
    async with local_bot() as local:
        members = [local.world.add_member(f"member{number}") for number in range(MEMBERS)]
        asked = []
        for number in range(200 if quick else 1200):
            options = {"prompt": f"a cat {number}", "num_inference_steps": STEPS}
            member = members[number % MEMBERS]
            asked.append(local.people.slash(member, local.world.channel_id, "txt2img", options))
            await asyncio.sleep(1 / RATE)
        await local.wait_for(lambda: all(each.milliseconds is not None for each in asked), 10)
    times = [each.milliseconds for each in asked if each.milliseconds is not None]
    return {
        "commands": len(times),
        "p50_ms": round(float(np.percentile(times, 50)), 1),
        "p99_ms": round(float(np.percentile(times, 99)), 1),
        "max_ms": round(max(times), 1),
    }
