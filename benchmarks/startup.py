"""Seconds from ``make demo``, once installed, until it is ready and until the first picture is in the channel."""

import asyncio
import json
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from time import perf_counter

import aiohttp

ROOT = Path(__file__).parents[1]


async def run(*, quick: bool) -> dict[str, float]:
    """Measure three starts, or one with --quick; no medians, since the first start is what a newcomer sees."""
    starts = [await _start() for _ in range(1 if quick else 3)]
    return {
        "ready_seconds": round(starts[0][0], 2),
        "first_picture_seconds": round(starts[0][1], 2),
        "worst_first_picture_seconds": round(max(first for _, first in starts), 2),
    }


async def _start() -> tuple[float, float]:
    began = perf_counter()
    demo = await asyncio.create_subprocess_exec(
        "make", "demo", cwd=ROOT, stdout=PIPE, stderr=DEVNULL, start_new_session=True
    )
    if demo.stdout is None:
        raise RuntimeError("make demo has no output")
    try:
        async for line in demo.stdout:
            if match := re.search(r"http://127\.0\.0\.1:\d+", line.decode()):
                break
        else:
            raise RuntimeError("make demo ended before it was ready")
        ready = perf_counter() - began
        await _first_picture(match[0])
        return ready, perf_counter() - began
    finally:
        os.killpg(demo.pid, signal.SIGINT)  # the whole process group, as Ctrl-C in a terminal does
        await demo.wait()


async def _first_picture(page: str) -> None:
    """Send a command as the page does, and wait until the page's stream shows pictures."""
    command = {"member": "ana", "path": "txt2img", "options": {"prompt": "a red apple"}}
    async with aiohttp.ClientSession() as session:
        form = aiohttp.FormData({"fields": json.dumps(command)})
        async with session.post(f"{page}/page/slash", data=form) as answer:
            answer.raise_for_status()
        async with session.get(f"{page}/page/events?member=ana", read_bufsize=2**22) as stream:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    messages = json.loads(line[6:]).get("changed", ())
                    if any(message["attachments"] and not message["ephemeral"] for message in messages):
                        return
    raise RuntimeError("the page's stream ended before the picture came")
