"""Pictures through the real worker process with the embedded model."""

import asyncio
import io
import logging
import os
import re
import resource
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.exactness import psnr
from generation import (
    Cancelled,
    Catalogue,
    Enlarging,
    Failed,
    Finished,
    Job,
    Preview,
    Progress,
    Service,
    Started,
    Task,
    service,
)
from generation.workers.local import LocalWorker

from .studio import TERMINAL, Studio, job, pixels

SAME = 60.0  # dB


async def test_a_picture_is_started_followed_and_finished(studio: Studio) -> None:
    """A picture's events are Started, Progress of each step in order, and one Finished with the delivered size."""
    (picture,) = job(num_inference_steps=12).pictures()
    (finished,) = await studio.make([picture])
    events = studio.events[picture.id]
    assert isinstance(events[0], Started)
    steps = [(event.step, event.of) for event in events if isinstance(event, Progress)]
    assert steps == [(step, 12) for step in range(1, 13)]
    assert [event for event in events if isinstance(event, TERMINAL)] == [finished]
    assert pixels(finished).shape == (512, 512, 3)


async def test_previews_come_nearer_to_the_picture(studio: Studio) -> None:
    """The last preview resembles the finished picture more than the first does."""
    (picture,) = job(num_inference_steps=60, seed=5).pictures()
    (finished,) = await studio.make([picture])
    previews = [event for event in studio.events[picture.id] if isinstance(event, Preview)]
    small = np.asarray(Image.fromarray(pixels(finished).astype(np.uint8)).resize((256, 256))).astype(np.float64)
    distances = [np.abs(np.asarray(Image.open(io.BytesIO(e.jpeg))).astype(np.float64) - small).mean() for e in previews]
    assert len(distances) >= 2
    assert distances[-1] < distances[0]


@pytest.mark.slow
async def test_the_prompt_decides_the_colours(studio: Studio) -> None:
    """A red thing on a blue background is red in the middle and blue at the edge."""
    (finished,) = await studio.make(job(num_inference_steps=20).pictures())
    picture = pixels(finished)
    red, _, blue = picture[200:312, 200:312].mean((0, 1))
    assert red > 2 * blue
    red, _, blue = picture[480:, :].mean((0, 1))
    assert blue > 2 * red


@pytest.mark.slow
async def test_the_same_request_makes_the_same_picture_alone_and_in_a_batch(studio: Studio) -> None:
    """A picture made again, alone or with three others, is the same to 60 dB."""
    four = job(seed=70, num_inference_steps=10)
    four = replace(four, request=replace(four.request, count=4))
    together = await studio.make(four.pictures())
    for place in (0, 3):
        (alone,) = await studio.make(job(seed=70 + place, num_inference_steps=10).pictures())
        assert psnr(pixels(alone), pixels(together[place])) >= SAME
    assert psnr(pixels(together[0]), pixels(together[1])) < 30


SCHEDULERS = ("DPM++ 2M", "DPM++ 2M Karras", "UniPC", "Euler", "Euler a", "Heun")


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", SCHEDULERS)
async def test_every_scheduler_draws_the_thing(studio: Studio, scheduler: str) -> None:
    """Each scheduler that is offered draws a red thing on blue."""
    (finished,) = await studio.make(job(scheduler=scheduler, num_inference_steps=12).pictures())
    red, _, blue = pixels(finished)[200:312, 200:312].mean((0, 1))
    assert red > 2 * blue


@pytest.mark.slow
async def test_img2img_keeps_less_of_the_input_as_strength_grows(studio: Studio, sketch: Path) -> None:
    """The distance to the input grows with the strength."""
    source = np.asarray(Image.open(sketch)).astype(np.float64)
    distances = []
    for strength in (0.1, 0.4, 0.7, 1.0):
        request: dict[str, Any] = {
            "task": Task.IMG2IMG,
            "strength": strength,
            "images": (sketch,),
            "num_inference_steps": 20,
        }
        (finished,) = await studio.make(job(prompt="a cat on a green background", **request).pictures())
        distances.append(float(np.abs(pixels(finished) - source).mean()))
    assert distances == sorted(distances)
    assert distances[-1] > 2 * distances[0]


@pytest.mark.slow
async def test_img2img_runs_the_last_part_of_the_steps(studio: Studio, sketch: Path) -> None:
    """At strength 0.5 ten of twenty steps are run, and progress says so."""
    (picture,) = job(task=Task.IMG2IMG, strength=0.5, images=(sketch,), num_inference_steps=20).pictures()
    await studio.make([picture])
    assert [e.of for e in studio.events[picture.id] if isinstance(e, Progress)] == [10] * 10


@pytest.mark.slow
async def test_img2img_at_full_strength_is_as_far_from_the_input_as_txt2img(studio: Studio, sketch: Path) -> None:
    """At strength 1 the distance to the input is that of txt2img pictures, within their spread over 16 seeds."""
    source = np.asarray(Image.open(sketch)).astype(np.float64)

    async def distances(**fields: Any) -> np.ndarray:
        base = job(prompt="a cat on a green background", num_inference_steps=20, **fields)
        jobs = [job(**{**_fields(base), "seed": seed}) for seed in range(16)]
        ends = [await studio.make(each.pictures()) for each in jobs]
        return np.array([np.abs(pixels(end) - source).mean() for (end,) in ends])

    free = await distances()
    bound = await distances(task=Task.IMG2IMG, strength=1.0, images=(sketch,))
    assert abs(free.mean() - bound.mean()) <= free.std()


def _fields(base: Job) -> dict[str, Any]:
    request = base.request
    return {name: getattr(request, name) for name in request.__slots__}


@pytest.mark.slow
async def test_sizes_other_than_the_square_are_made(studio: Studio) -> None:
    """A wide picture comes in the size that was asked for."""
    (finished,) = await studio.make(job(width=640, height=384).pictures())
    assert pixels(finished).shape == (384, 640, 3)


@pytest.mark.slow
@pytest.mark.parametrize("factor", [2, 4])
async def test_upscale_makes_any_picture_larger(studio: Studio, tmp_path: Path, factor: int) -> None:
    """A picture that needs several tiles, of odd sides, is enlarged without seams and stays the same picture."""
    x, y = np.meshgrid(np.linspace(0, 255, 301), np.linspace(0, 255, 223))
    source = np.stack([x, y, 255 - x], -1).astype(np.uint8)
    path = tmp_path / "ramp.png"
    Image.fromarray(source).save(path)
    wide, high = 301 * factor, 223 * factor
    request = job(task=Task.UPSCALE, model="realesr-animevideov3", images=(path,), width=wide, height=high)
    (picture,) = request.pictures()
    (finished,) = await studio.make([picture])
    told = [event for event in studio.events[picture.id] if isinstance(event, Enlarging)]
    assert (told[0].done, told[0].of) == (0, 4)  # its stage shows itself
    made = pixels(finished)
    assert made.shape == (high, wide, 3)
    back = np.asarray(Image.fromarray(made.astype(np.uint8)).resize((301, 223), Image.Resampling.BOX))
    assert psnr(back.astype(np.float64), source.astype(np.float64)) > 30


async def test_cancelling_takes_back_what_waits_at_once_and_what_runs_at_the_next_step(studio: Studio) -> None:
    """A long job's running picture leaves within a few steps, the waiting one without being started."""
    (running,), (waiting,) = job(num_inference_steps=100, seed=1).pictures(), job(num_inference_steps=99).pictures()
    waiting = replace(waiting, attempt=2)  # such a one is made alone, so it waits for the other's end
    studio.service.submit([running])
    await studio.wait(running.id, Progress)
    studio.service.submit([waiting])
    studio.service.cancel(waiting.id)
    studio.service.cancel(running.id)
    assert isinstance(await studio.wait(waiting.id, *TERMINAL), Cancelled)
    assert isinstance(await studio.wait(running.id, *TERMINAL), Cancelled)
    assert not any(isinstance(event, Started) for event in studio.events[waiting.id])
    assert max(e.step for e in studio.events[running.id] if isinstance(e, Progress)) < 50


@pytest.mark.slow
async def test_cancelling_one_of_a_batch_leaves_the_others_unharmed(studio: Studio) -> None:
    """Of two pictures in one call, the one that is not cancelled is the one that it is alone."""
    two = job(num_inference_steps=60, seed=21)
    first, second = replace(two, request=replace(two.request, count=2)).pictures()
    studio.service.submit([first, second])
    await studio.wait(first.id, Progress)
    studio.service.cancel(first.id)
    kept = await studio.wait(second.id, *TERMINAL)
    assert isinstance(await studio.wait(first.id, *TERMINAL), Cancelled)
    (alone,) = await studio.make(job(num_inference_steps=60, seed=22).pictures())
    assert psnr(pixels(kept), pixels(alone)) >= SAME


async def test_nothing_more_is_begun_while_what_was_made_is_not_taken(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the bot cannot keep pictures for a while, the next one waits until it has taken those that were made."""
    monkeypatch.setattr(service, "MOST_UNHANDLED", 3)
    (first,), (second,) = job(num_inference_steps=4).pictures(), job(num_inference_steps=4).pictures()
    async with studio.taking_nothing():
        studio.service.submit([first])
        async with asyncio.timeout(60):
            while studio.service.waiting() or studio.service.running():  # noqa: ASYNC110 - nobody is told of it
                await asyncio.sleep(0.01)
        studio.service.submit([second])
        assert studio.service.waiting() == 1
    assert isinstance(await studio.wait(second.id, *TERMINAL), Finished)


async def test_a_request_that_breaks_fails_with_a_sentence_and_harms_nobody(studio: Studio, tmp_path: Path) -> None:
    """A picture whose input is gone fails, not to be tried again, and the worker goes on."""
    (broken,) = await studio.make(job(task=Task.IMG2IMG, strength=0.5, images=(tmp_path / "gone.png",)).pictures())
    assert isinstance(broken, Failed)
    assert not broken.retryable
    assert "another model" in broken.template
    assert isinstance((await studio.make(job().pictures()))[0], Finished)


@pytest.mark.slow
async def test_the_childs_death_fails_its_pictures_to_be_tried_again(own_studio: Studio) -> None:
    """After a SIGKILL each picture in the child gets one Failed(retryable), and the next child makes the rest."""
    running, waiting = job(num_inference_steps=100).pictures()[0], job().pictures()[0]
    own_studio.service.submit([running, waiting])
    await own_studio.wait(running.id, Progress)
    (pid,) = own_studio.service.worker_pids()
    os.kill(pid, 9)
    failed = await own_studio.wait(running.id, *TERMINAL)
    assert isinstance(failed, Failed)
    assert failed.retryable
    assert isinstance(await own_studio.wait(waiting.id, *TERMINAL), Finished)
    assert [event for event in own_studio.events[running.id] if isinstance(event, TERMINAL)] == [failed]
    assert own_studio.service.exits() == {("cpu", "signal SIGKILL"): 1}
    assert own_studio.service.loads() == {"cpu": 2}  # by the child that died, and by the next


async def test_a_child_that_is_told_to_end_with_its_parent_leaves_that_to_it(studio: Studio) -> None:
    """After a SIGTERM, as systemd sends to all of a service's processes, the child finishes what it makes."""
    (picture,) = job(num_inference_steps=30).pictures()
    studio.service.submit([picture])
    await studio.wait(picture.id, Progress)
    (pid,) = studio.service.worker_pids()
    os.kill(pid, signal.SIGTERM)
    assert isinstance(await studio.wait(picture.id, *TERMINAL), Finished)
    assert studio.service.worker_pids() == [pid]


@pytest.mark.slow
async def test_a_child_that_cannot_be_started_is_started_later(
    own_studio: Studio, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the machine has no file left for a pipe when a child died, the next one comes once it has.

    The log says when it starts and when it is ready.
    """
    (picture,) = job(num_inference_steps=2).pictures()
    tried = asyncio.Event()

    def seen(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR and record.exc_info:
            tried.set()
        return True

    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(seen)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
    try:
        os.kill(own_studio.service.worker_pids()[0], 9)
        await asyncio.wait_for(tried.wait(), 30)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    assert isinstance((await own_studio.make([picture]))[0], Finished)
    ours = ("generation.service", "generation.workers.supervisor")
    said = [record.getMessage() for record in caplog.records if record.name in ours]
    assert said[-2] == "the worker on cpu starts"
    assert re.fullmatch(r"the worker on cpu is ready after \d+\.\d s", said[-1])


@pytest.mark.slow
async def test_the_child_is_given_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child's environment holds no token but the one that fetches models, and the parent's keeps them all."""
    for name in ("DISCORD_TOKEN", "HF_TOKEN"):
        monkeypatch.setenv(name, "a value")
    ready = asyncio.Event()
    worker = LocalWorker({}, "cpu", 1, 1.0, None, on_event=lambda *_: ready.set(), on_exit=lambda _: None)
    await asyncio.wait_for(ready.wait(), 60)
    environment = psutil.Process(worker.pid).environ()
    await worker.close()
    assert "DISCORD_TOKEN" not in environment
    assert "HF_TOKEN" in environment
    assert {"DISCORD_TOKEN", "HF_TOKEN"} <= os.environ.keys()


@pytest.mark.slow
async def test_a_child_that_hangs_is_killed(catalogue: Catalogue) -> None:
    """A child that is stopped in the middle of its work is killed, and its picture fails to be tried again."""
    service = Service(catalogue, stalled_after=20.0)
    await service.start()
    studio = Studio(service)
    (picture,) = job(num_inference_steps=100).pictures()
    service.submit([picture])
    await studio.wait(picture.id, Progress)
    psutil.Process(service.worker_pids()[0]).suspend()
    failed = await studio.wait(picture.id, *TERMINAL)
    assert isinstance(failed, Failed)
    assert failed.retryable
    await studio.close()
