"""Pictures on a cluster's nodes: made there, with their inputs, and by what is left when something goes."""

import asyncio
from dataclasses import replace
from pathlib import Path

from PIL import Image

from generation import Finished, Task
from tests.generation.conftest import Studio, job, pixels

from .conftest import Nodes, Start


async def joined(studio: Studio, number: int, seconds: float = 90) -> None:
    """Wait until so many cards make pictures."""
    async with asyncio.timeout(seconds):
        while (state := studio.service.cluster()) is None or len(state.cards) != number:
            await asyncio.sleep(0.2)


async def test_both_nodes_make_pictures_from_inputs_that_each_gets_once(
    nodes: Nodes, start: Start, tmp_path: Path
) -> None:
    """Pictures of members without local devices are made on both nodes, and a node keeps one copy of their input."""
    for name in ("one", "two"):
        nodes.add(name)
    studio: Studio = await start()
    await joined(studio, 2)
    sketch = tmp_path / "sketch.png"
    Image.new("RGB", (512, 512), "#f0c020").save(sketch)
    asked = job(task=Task.IMG2IMG, strength=0.5, images=(sketch,), num_inference_steps=6)
    ends = await studio.make(replace(asked, request=replace(asked.request, count=4)).pictures())
    assert all(isinstance(end, Finished) for end in ends)
    assert pixels(ends[0]).shape == (512, 512, 3)
    for name in ("one", "two"):
        assert len(list((tmp_path / name / "criar" / "inputs").iterdir())) == 1
