"""The check for a real GPU: eight minutes on one card of 80 GB or more, real-size random weights, a verdict last.

``python -m benchmarks gpu``; with ``--tiny`` the same on a CPU in small, with ``--pack FOLDER`` what has to be carried
to a machine without a network. docs/gpu.md says what the lines mean.
"""

import asyncio
import gc
import logging
import os
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from .pack import pack
from .parts import Check, Line, env, speed, steps
from .stand_in import rules, stand_in
from .trials import attention, fault, leaving, lockstep, memory, offload

LIMIT = 450.0  # seconds after which no more parts are begun
FAULTS = [f"a{number}" for number in range(1, 17)]


async def run(*, quick: bool = False, tiny: bool = False, folder: Path | None = None) -> dict[str, Any]:
    """Print each part's lines as they come; the figures are the verdict. ``folder`` is to be packed instead."""
    if folder:
        return await asyncio.to_thread(pack, folder)
    return await asyncio.to_thread(check, tiny=tiny or quick)


def check(*, tiny: bool) -> dict[str, Any]:
    """Run all parts, one after another; one that fails says so in its line and stops no other."""
    from generation.engine.engine import quiet_libraries
    from generation.workers.devices import narrow

    if not tiny:
        narrow("cuda:0", os.environ)
    quiet_libraries()
    logging.getLogger("generation").setLevel(logging.ERROR)
    began = perf_counter()
    with TemporaryDirectory() as folder:
        found = Check("cpu" if tiny else "cuda:0", Path(folder), tiny)
        for name, part in _parts(found):
            if perf_counter() - began > LIMIT:
                print(f"late part={name} after_s={perf_counter() - began:.0f}", flush=True)
                continue
            _run(name, part)
        verdict = {name: found.verdict.get(name, "not reached") for name in FAULTS}
    figures = {**verdict, **found.figures, "total_s": round(perf_counter() - began)}
    print(
        "verdict " + " ".join(f"{name}={str(value).replace(' ', '_')}" for name, value in figures.items()), flush=True
    )
    return figures


def _parts(found: Check) -> Iterator[tuple[str, Callable[[], Iterator[Line]]]]:
    yield "env", partial(env, found)
    for name in ("sdxl", "sd15", "flux", "qwen"):
        yield f"speed {name}", partial(speed, found, name)
    for part in (rules, stand_in, steps, lockstep, attention, offload, memory, leaving, fault):
        yield part.__name__, partial(part, found)


def _run(name: str, part: Callable[[], Iterator[Line]]) -> None:
    try:
        for word, values in part():
            print(word, " ".join(f"{key}={value}" for key, value in values.items()), flush=True)
    except Exception as error:  # noqa: BLE001 - the other parts are run all the same
        traceback.print_exc()
        print(f"failed part={name.replace(' ', '_')} error={type(error).__name__}", flush=True)
    finally:
        gc.collect()
        import torch

        if torch.cuda.is_available():
            torch.cuda.empty_cache()
