"""One picture through the bot against the same pipeline call with the same enlarging and encoding, interleaved."""

import asyncio
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor
from statistics import median
from time import perf_counter

from generation.worker import SPIN_COUNT

from .rig import local_bot, picture


async def run(*, quick: bool) -> dict[str, float]:
    """Medians of both, and their ratio; the local Discord's own time is subtracted from the bot's."""
    through, alone = [], []
    loop = asyncio.get_running_loop()
    # Imported by the child alone: torch in this process would slow the local Discord down.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=_begin) as bare:
        await loop.run_in_executor(bare, _seconds, "warm up")
        async with local_bot() as local:
            for number in range(12 if quick else 40):
                prompt = f"a red apple {number}"
                alone.append(await loop.run_in_executor(bare, _seconds, prompt))
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


def _begin() -> None:
    os.environ["GOMP_SPINCOUNT"] = SPIN_COUNT  # as in the bot's worker; read when torch is loaded
    from . import bare

    bare.begin()


def _seconds(prompt: str) -> float:
    from . import bare

    return bare.seconds(prompt)
