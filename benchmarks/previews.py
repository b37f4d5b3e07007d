"""What previews cost: the like pictures with and without them, in turns, by the seconds that the process computes."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import process_time
from typing import Any

from generation import Event, Preview

from .pictures import embedded, picture

TOGETHER = 4  # pictures that are made at a time
STEPS, SIDE = 20, 128
PAIRS, QUICK_PAIRS = 20, 3


async def run(*, quick: bool) -> dict[str, Any]:
    """The share of the time that goes into making previews, and the ratio of the time with to that without them."""
    return await asyncio.to_thread(_run, QUICK_PAIRS if quick else PAIRS)


def _run(pairs: int) -> dict[str, Any]:
    from generation.engine import preview
    from generation.engine.engine import Engine, quiet_libraries
    from generation.engine.preview import LatentColours

    quiet_libraries()
    # One thread: several would also wait for each other, which counts as computing.
    engine = Engine({embedded().id: replace(embedded(), enlarge=1)}, "cpu", 1, 8.0)
    pacer = engine._previews.pacer
    project, encode, due = LatentColours.project, preview.encode_jpeg, pacer.due
    shown, within = 0, 0.0

    def timed(work: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            nonlocal within
            began = process_time()
            try:
                return work(*args)
            finally:
                within += process_time() - began

        return call

    def emit(event: Event) -> None:
        nonlocal shown
        shown += isinstance(event, Preview)

    def seconds(is_due: Callable[[float], bool], name: str) -> float:
        pacer.due = is_due  # type: ignore[method-assign]
        asked = [picture(f"{name} {number}", number, STEPS) for number in range(TOGETHER)]
        pictures = [replace(each, request=replace(each.request, width=SIDE, height=SIDE)) for each in asked]
        began = process_time()
        engine.run(pictures, emit)
        return process_time() - began

    def never(_: float) -> bool:
        return False

    seconds(due, "warm up")
    shown = 0
    LatentColours.project = timed(project)  # type: ignore[method-assign]
    preview.encode_jpeg = timed(encode)
    try:
        found = [(seconds(due, f"with {turn}"), seconds(never, f"without {turn}")) for turn in range(pairs)]
    finally:
        LatentColours.project, preview.encode_jpeg = project, encode  # type: ignore[method-assign]
    spent = sum(shows for shows, _ in found)
    return {
        "pictures": pairs * TOGETHER,
        "previews": shown,
        "previews_share": round(within / spent, 5),
        "with_to_without": round(median(shows / hides for shows, hides in found), 4),
    }
