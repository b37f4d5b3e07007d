"""What previews cost: the same pictures with and without them, in turns, in CPU seconds."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import process_time
from typing import Any

from generation import Event, Preview

from .pictures import embedded, picture

TOGETHER = 4  # pictures made at a time
STEPS, SIDE = 20, 128
PAIRS, QUICK_PAIRS = 20, 3


async def run(*, quick: bool) -> dict[str, Any]:
    """Measure the share of time that goes into previews, and the time with them divided by that without."""
    return await asyncio.to_thread(_run, QUICK_PAIRS if quick else PAIRS)


def _run(pairs: int) -> dict[str, Any]:
    from generation.engine.engine import Engine, quiet_libraries
    from generation.engine.preview import LatentColours

    quiet_libraries()
    # One thread: several would also wait for each other, which counts as computing.
    engine = Engine({embedded().id: replace(embedded(), enlarge=1)}, "cpu", 1, 8.0)
    previews: Any = engine._previews
    make, jpeg = previews.make, LatentColours.jpeg
    shown, within = 0, 0.0

    def timed(*args: Any) -> bytes:
        nonlocal within
        began = process_time()
        try:
            return jpeg(*args)
        finally:
            within += process_time() - began

    def emit(event: Event) -> None:
        nonlocal shown
        shown += isinstance(event, Preview)

    def seconds(make_preview: Callable[[float, Callable[[], bytes]], bytes | None], name: str) -> float:
        previews.make = make_preview
        asked = [picture(f"{name} {number}", number, STEPS) for number in range(TOGETHER)]
        pictures = [replace(each, request=replace(each.request, width=SIDE, height=SIDE)) for each in asked]
        began = process_time()
        engine.run(pictures, emit)
        return process_time() - began

    seconds(make, "warm up")
    shown = 0
    LatentColours.jpeg = timed  # type: ignore[assignment,method-assign]
    try:
        found = [(seconds(make, f"with {turn}"), seconds(lambda *_: None, f"without {turn}")) for turn in range(pairs)]
    finally:
        LatentColours.jpeg = jpeg  # type: ignore[method-assign]
    spent = sum(shows for shows, _ in found)
    return {
        "pictures": pairs * TOGETHER,
        "previews": shown,
        "previews_share": round(within / spent, 5),
        "with_to_without": round(median(shows / hides for shows, hides in found), 4),
    }
