"""What real children do wrong: each picture gets its end, and what is tried again is made."""

import resource
from dataclasses import replace

import psutil
import pytest

from generation import Failed, Finished, Picture, Progress, Started
from tests.children import say_to_parent

from .studio import TERMINAL, Studio, job


def child(studio: Studio) -> psutil.Process:
    (pid,) = studio.service.worker_pids()
    return psutil.Process(pid)


async def again(studio: Studio, picture: Picture) -> Finished | Failed:
    """The end of a picture that is tried once more where that may help, as the bot does."""
    end = await studio.wait(picture.id, *TERMINAL)
    if isinstance(end, Failed) and end.retryable and picture.attempt == 1:
        studio.events[picture.id].clear()
        studio.service.submit([replace(picture, attempt=2)])
        end = await studio.wait(picture.id, *TERMINAL)
    assert isinstance(end, Finished | Failed)
    return end


@pytest.mark.slow
async def test_a_child_that_dies_while_it_loads_is_replaced(own_studio: Studio) -> None:
    """Killed before it is ready, with work waiting: the next child makes it."""
    (picture,) = job(num_inference_steps=2).pictures()
    own_studio.service.submit([picture])
    child(own_studio).kill()
    assert isinstance(await again(own_studio, picture), Finished)


@pytest.mark.slow
@pytest.mark.parametrize("nonsense", [b"\x80garbage", b"\x80\x04\x8c\x05hello."], ids=["no pickle", "a word"])
async def test_a_child_that_sends_garbage_is_replaced(own_studio: Studio, nonsense: bytes) -> None:
    """What cannot be read, and what means nothing, end the child, and its picture is made by the next."""
    (picture,) = job(num_inference_steps=30).pictures()
    own_studio.service.submit([picture])
    await own_studio.wait(picture.id, Progress)
    sick = child(own_studio)
    say_to_parent(sick, nonsense)
    failed = await own_studio.wait(picture.id, *TERMINAL)
    assert isinstance(failed, Failed)
    assert failed.retryable
    assert not sick.is_running() or sick.status() == psutil.STATUS_ZOMBIE
    assert isinstance(await again(own_studio, picture), Finished)


@pytest.mark.slow
async def test_memory_that_runs_out_fails_one_picture_with_a_sentence(own_studio: Studio) -> None:
    """A picture that does not fit fails, whether the child says so or dies of it, and what fits is made after it."""
    (first,) = await own_studio.make(job(num_inference_steps=2).pictures())
    assert isinstance(first, Finished)
    worker = child(own_studio)
    worker.rlimit(psutil.RLIMIT_AS, (worker.memory_info().vms + 40 * 2**20, resource.RLIM_INFINITY))
    (large,) = await own_studio.make(job(num_inference_steps=2, width=1536, height=1536).pictures())
    assert isinstance(large, Failed)
    assert "memory" in large.template or large.retryable
    if not large.retryable:
        worker.rlimit(psutil.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (small,) = await own_studio.make(job(num_inference_steps=2).pictures())
    assert isinstance(small, Finished)


@pytest.mark.slow
async def test_a_picture_that_kills_its_child_takes_no_other_with_it_twice(own_studio: Studio) -> None:
    """Poison and an innocent one are made together, and fail together; tried again alone, the innocent one is made."""
    two = job(num_inference_steps=30, seed=31)
    poison, innocent = replace(two, request=replace(two.request, count=2)).pictures()
    own_studio.service.submit([poison, innocent])
    await own_studio.wait(poison.id, Progress)
    await own_studio.wait(innocent.id, Progress)
    child(own_studio).kill()
    for picture in (poison, innocent):
        failed = await own_studio.wait(picture.id, *TERMINAL)
        assert isinstance(failed, Failed)
        assert failed.retryable
        own_studio.events[picture.id].clear()
    own_studio.service.submit([replace(poison, attempt=2), replace(innocent, attempt=2)])
    await own_studio.wait(poison.id, Started)
    assert not any(isinstance(event, Started) for event in own_studio.events[innocent.id])
    child(own_studio).kill()
    assert isinstance(await own_studio.wait(poison.id, *TERMINAL), Failed)
    assert isinstance(await own_studio.wait(innocent.id, *TERMINAL), Finished)
    assert not [event for event in own_studio.events[innocent.id] if isinstance(event, Failed)]
