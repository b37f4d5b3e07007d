"""What goes wrong with a cluster, really done: nothing is lost, nothing comes twice, and the bot goes on."""

import asyncio
import sys
from dataclasses import replace
from time import monotonic
from typing import Any

import psutil

from benchmarks.nodes import ROOT, Nodes
from generation import Failed, Finished, Picture, Progress
from tests.generation.studio import TERMINAL, Studio, job

from .nodes import Start, joined, until

SOON = 15.0  # seconds within which the loss of a node is noticed


def several(number: int, **fields: Any) -> tuple[Picture, ...]:
    """Pictures of one job."""
    asked = job(**{"num_inference_steps": 40, **fields})
    return replace(asked, request=replace(asked.request, count=number)).pictures()


async def again(studio: Studio, picture: Picture) -> Finished:
    """The end of a picture, which is tried once more where that may help, as the bot does."""
    end = await studio.wait(picture.id, *TERMINAL)
    if isinstance(end, Failed):
        assert end.retryable
        studio.events[picture.id].clear()
        studio.service.submit([replace(picture, attempt=picture.attempt + 1)])
        end = await studio.wait(picture.id, *TERMINAL)
    assert isinstance(end, Finished)
    return end


def ends(studio: Studio, picture: Picture) -> int:
    """How often a picture has ended."""
    return sum(isinstance(event, TERMINAL) for event in studio.events[picture.id])


async def test_a_killed_actor_is_replaced(nodes: Nodes, start: Start) -> None:
    """Its picture fails to be tried again, and is made by the actor that takes its place; no child stays behind."""
    node = nodes.add("one")
    studio = await start()
    await joined(studio, 1)
    (picture,) = several(1)
    studio.service.submit([picture])
    await studio.wait(picture.id, Progress)
    (actor,) = nodes.actors(node)
    family = [actor, *actor.children(recursive=True)]
    actor.kill()
    end = await again(studio, picture)
    assert end.attempt == 2
    assert not psutil.wait_procs(family, 10)[1]
    assert ends(studio, picture) == 1


async def test_a_child_that_dies_on_a_node_is_replaced(nodes: Nodes, start: Start) -> None:
    """As by a CUDA error or the kernel's out-of-memory killer."""
    node = nodes.add("one")
    studio = await start()
    await joined(studio, 1)
    (picture,) = several(1)
    studio.service.submit([picture])
    await studio.wait(picture.id, Progress)
    (actor,) = nodes.actors(node)
    for child in actor.children(recursive=True):
        child.kill()
    assert (await again(studio, picture)).attempt == 2


async def test_a_killed_node_is_noticed_and_a_new_one_is_used(nodes: Nodes, start: Start) -> None:
    """Within seconds its pictures fail to be tried again; a node that comes makes them, and no restart is needed."""
    lost = nodes.add("lost")
    studio = await start()
    await joined(studio, 1)
    (picture,) = several(1)
    studio.service.submit([picture])
    await studio.wait(picture.id, Progress)
    at = monotonic()
    nodes.kill(lost)
    failed = await studio.wait(picture.id, *TERMINAL)
    assert isinstance(failed, Failed)
    assert monotonic() - at < SOON
    nodes.add("new")
    assert (await again(studio, picture)).attempt == 2


async def test_a_node_that_is_cut_off_is_given_up_and_not_heard_any_later(nodes: Nodes, start: Start) -> None:
    """Its picture is made by the local device, and what the node says when it is back changes nothing."""
    node = nodes.add("far")
    studio = await start(devices=("cpu",))
    await joined(studio, 1)
    pictures = several(6, num_inference_steps=20)
    studio.service.submit(pictures)
    await until(studio, lambda state: [card for card in state.cards if card.making])
    at = monotonic()
    stopped = nodes.processes(node)
    for process in stopped:
        process.suspend()
    try:
        await until(studio, lambda state: not state.cards)
        assert monotonic() - at < SOON
        made = [await again(studio, picture) for picture in pictures]
        assert sum(end.attempt == 2 for end in made) >= 1
    finally:
        for process in stopped:
            if process.is_running():
                process.resume()
    await joined(studio, 1)
    (last,) = several(1, num_inference_steps=2)
    studio.service.submit([last])
    await again(studio, last)
    assert [ends(studio, picture) for picture in pictures] == [1] * len(pictures)


async def test_without_a_head_local_devices_go_on_and_the_cluster_is_joined_again(nodes: Nodes, start: Start) -> None:
    """The head is killed: the service says so and makes pictures; with a head at the same address, it joins again."""
    nodes.add("one")
    studio = await start(devices=("cpu",))
    await joined(studio, 1)
    at = monotonic()
    nodes.kill_head()
    state = await until(studio, lambda state: state.trouble)
    assert monotonic() - at < SOON
    assert not state.cards
    (picture,) = several(1, num_inference_steps=2)
    studio.service.submit([picture])
    assert (await again(studio, picture)).attempt == 1
    nodes.add_head()
    nodes.add("two")
    await joined(studio, 1)
    (picture,) = several(1, num_inference_steps=2)
    studio.service.submit([picture])
    await again(studio, picture)


BOT = """
import asyncio, sys
from generation import Catalogue, ClusterConfig, Service

async def main():
    service = Service(Catalogue.load(), (), cluster=ClusterConfig(address=sys.argv[1], cpu=True))
    await service.start()
    while not service.cluster().cards:
        await asyncio.sleep(0.1)
    print("joined", flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_a_bot_that_is_killed_leaves_no_actor_and_the_next_one_gets_the_cards(nodes: Nodes, start: Start) -> None:
    """Killed with SIGKILL, a bot leaves neither its bridge nor its actors nor their children."""
    node = nodes.add("one")
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, nodes.address, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert bot.stdout
    assert await asyncio.wait_for(bot.stdout.readline(), 90) == b"joined\n"
    (actor,) = nodes.actors(node)
    family = [actor, *actor.children(recursive=True), *psutil.Process(bot.pid).children(recursive=True)]
    bot.kill()
    await bot.wait()
    assert not (await asyncio.to_thread(psutil.wait_procs, family, 40))[1]
    studio = await start()
    await joined(studio, 1)
    (picture,) = several(1, num_inference_steps=2)
    studio.service.submit([picture])
    await again(studio, picture)
