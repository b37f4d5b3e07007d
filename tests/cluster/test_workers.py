"""Pictures on a cluster's nodes: made there, with their inputs, beside those of local devices."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL import Image

from benchmarks.nodes import ROOT, Nodes
from generation import Catalogue, Finished, Progress, Task
from tests.generation.studio import TERMINAL, job, pixels
from tests.hub import local_hub

from .nodes import Start, joined, until


async def test_both_nodes_make_pictures_from_inputs_that_each_gets_once(
    nodes: Nodes, start: Start, tmp_path: Path
) -> None:
    """A bot without local devices has pictures made on both nodes, and each keeps one copy of their input."""
    for name in ("one", "two"):
        nodes.add(name)
    studio = await start()
    await joined(studio, 2)
    sketch = tmp_path / "sketch.png"
    Image.new("RGB", (512, 512), "#f0c020").save(sketch)
    asked = job(task=Task.IMG2IMG, strength=0.5, images=(sketch,), num_inference_steps=6)
    ends = await studio.make(replace(asked, request=replace(asked.request, count=4)).pictures())
    assert all(isinstance(end, Finished) for end in ends)
    assert pixels(ends[0]).shape == (512, 512, 3)
    for name in ("one", "two"):
        assert len(list((tmp_path / name / "criar" / "inputs").iterdir())) == 1


async def test_a_full_object_store_loses_nothing(nodes: Nodes, start: Start, tmp_path: Path) -> None:
    """With the cluster's memory filled by others, inputs and pictures still get through."""
    import ray

    nodes.add("one")
    studio = await start()
    await joined(studio, 1)
    sketch = tmp_path / "sketch.png"
    Image.effect_noise((512, 512), 90).convert("RGB").save(sketch)
    ray.init(address=nodes.address, namespace="others", log_to_driver=False)
    try:
        hoard = [ray.put(bytes(10 * 2**20)) for _ in range(30)]
        asked = job(task=Task.IMG2IMG, strength=0.9, images=(sketch,), num_inference_steps=2)
        ends = await studio.make(replace(asked, request=replace(asked.request, count=3)).pictures())
        assert all(isinstance(end, Finished) for end in ends)
        del hoard
    finally:
        ray.shutdown()


async def test_a_slow_download_to_one_node_holds_up_nobody(nodes: Nodes, start: Start, tmp_path: Path) -> None:
    """That node makes pictures of other models, and one that comes later makes those that wait for the download."""
    embedded = Catalogue.load().get("criar-embedded")
    folder = Path(embedded.source)
    files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    with local_hub() as shut, local_hub() as quick:
        for hub in (shut, quick):
            hub.put("somebody/something", files)
        shut.open.clear()
        try:
            nodes.add("slow", environment={"HF_ENDPOINT": shut.address, "HF_HOME": str(tmp_path / "slow models")})
            absent = replace(embedded, id="absent", source="somebody/something")
            studio = await start(catalogue=Catalogue([embedded, absent]))
            await joined(studio, 1)
            waiting = job(model="absent", count=2, num_inference_steps=2).pictures()
            studio.service.submit(waiting)
            await until(studio, lambda state: "absent" in state.cards[0].fetching)
            (made,) = await studio.make(job(2, num_inference_steps=2).pictures())
            assert isinstance(made, Finished)
            nodes.add("quick", environment={"HF_ENDPOINT": quick.address, "HF_HOME": str(tmp_path / "quick models")})
            ends = [await studio.wait(picture.id, *TERMINAL) for picture in waiting]
            assert all(isinstance(end, Finished) and end.attempt == 1 for end in ends)
            assert ["absent" in card.fetching for card in (await joined(studio, 2)).cards].count(True) == 1
        finally:
            shut.open.set()


async def test_a_node_that_is_drained_finishes_and_gets_no_more(nodes: Nodes, start: Start) -> None:
    """What a node makes when it is to leave is finished there; what waits is made by the local device."""
    node = nodes.add("leaving")
    studio = await start(devices=("cpu",))
    await joined(studio, 1)
    asked = job(num_inference_steps=40)
    pictures = replace(asked, request=replace(asked.request, count=4)).pictures()
    studio.service.submit(pictures)
    for picture in pictures[:2]:
        await studio.wait(picture.id, Progress)
    nodes.drain(node)
    ends = [await studio.wait(picture.id, Finished) for picture in pictures]
    assert [end.attempt for end in ends] == [1, 1, 1, 1]
    await until(studio, lambda state: not state.cards)


async def test_two_bots_keep_apart(nodes: Nodes, start: Start) -> None:
    """Another namespace waits for a card that is taken, and the same is refused; later the other one gets the card."""
    nodes.add("shared")
    first = await start(namespace="first")
    await joined(first, 1)
    other = await start(namespace="other")
    twin = await start(namespace="first")
    refused = await until(twin, lambda state: state.refused)
    (reason,) = refused.refused.values()
    assert "first" in reason
    assert not other.service.cluster().cards  # type: ignore[union-attr]
    await first.close()
    await joined(other, 1)
    assert isinstance((await other.make(job(num_inference_steps=2).pictures()))[0], Finished)


async def test_two_bots_share_cards_out(nodes: Nodes, start: Start) -> None:
    """Of two bots that may have one worker each, neither waits for the card of the other while another one is free."""
    for name in ("one", "two"):
        nodes.add(name)
    first = await start(namespace="first", workers=1)
    await joined(first, 1)
    other = await start(namespace="other", workers=1)
    await joined(other, 1)
    assert isinstance((await other.make(job(num_inference_steps=2).pictures()))[0], Finished)
    await joined(first, 1)


@pytest.mark.skipif(torch.cuda.is_available(), reason="the card would work")
async def test_a_card_that_cannot_be_used_is_refused_with_its_reason(nodes: Nodes, start: Start) -> None:
    """What the child on the node says of its card, as for want of a driver, is what the operator reads."""
    nodes.add("blind", cards=1)
    studio = await start()
    state = await until(studio, lambda state: state.refused)
    ((card, reason),) = state.refused.items()
    assert "/gpu0" in card
    assert "CUDA" in reason or "driver" in reason
    assert not studio.service.can_make()


async def test_another_release_is_refused_with_a_sentence(nodes: Nodes, start: Start, tmp_path: Path) -> None:
    """A node with other code makes no pictures, and the reason names both releases."""
    old = tmp_path / "old"
    shutil.copytree(ROOT / "generation", old / "generation", ignore=shutil.ignore_patterns("__pycache__"))
    (old / "generation" / "safety.py").write_text("# another release\n")
    nodes.add("old", release=old)
    studio = await start()
    state = await until(studio, lambda state: state.refused)
    (reason,) = state.refused.values()
    assert reason.count("+") == 2
    assert not state.cards
    nodes.add("new")
    await joined(studio, 1)
