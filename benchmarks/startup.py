"""Seconds from ``make demo``, installed, until it is ready, and until a first picture stands in the channel."""

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
    """Medians are of no use here: the first start is what a newcomer sees. Three starts, or one with --quick."""
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
        os.killpg(demo.pid, signal.SIGINT)  # the whole group, as Ctrl-C in a terminal does
        await demo.wait()


async def _first_picture(page: str) -> None:
    """Do what a person does on the page, and wait until the stream of its state shows pictures."""
    command = {"member": "ana", "path": "txt2img", "options": {"prompt": "a red apple"}}
    async with aiohttp.ClientSession() as session:
        form = aiohttp.FormData({"fields": json.dumps(command)})
        async with session.post(f"{page}/page/slash", data=form) as answer:
            answer.raise_for_status()
        async with session.get(f"{page}/page/events?member=ana", read_bufsize=2**22) as stream:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    messages = json.loads(line[6:])["messages"]
                    if any(message["attachments"] and not message["ephemeral"] for message in messages):
                        return
    raise RuntimeError("the page's stream ended before the picture came")
