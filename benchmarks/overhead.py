"""One picture through the bot against the same pipeline call with the same enlarging and encoding, interleaved."""

import asyncio
import os
from statistics import median
from time import perf_counter

from . import bare
from .rig import local_bot, picture


async def run(*, quick: bool) -> dict[str, float]:
    """Measure medians of both and their ratio; the local Discord's own time is subtracted from the bot's."""
    through, alone = [], []
    loop = asyncio.get_running_loop()
    with bare.process(os.cpu_count() or 1) as stock:
        await loop.run_in_executor(stock, bare.seconds, "warm up")
        async with local_bot() as local:
            for number in range(12 if quick else 40):
                prompt = f"a red apple {number}"
                alone.append(await loop.run_in_executor(stock, bare.seconds, prompt))
                began = perf_counter()
                ended = await picture(local, prompt)
                own = sum(call.seconds for call in local.rest.calls if began <= call.at < ended)
                through.append(ended - began - own)
    return {
        "pictures": len(through),
        "bot_seconds": round(median(through), 4),
        "bare_seconds": round(median(alone), 4),
        "ratio": round(median(through) / median(alone), 4),
    }
