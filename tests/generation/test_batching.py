"""Pictures that are made side by side: each must come out as it does alone."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks.exactness import psnr
from generation import Cancelled, Catalogue, Event, Finished, Picture, Progress, Task
from generation.batch_profile import BatchKey
from generation.engine.engine import Engine

from .studio import TERMINAL, job, pixels

SAME = 60.0  # dB
BUDGET = 8.0  # GiB


@pytest.fixture
def engine(catalogue: Catalogue) -> Engine:
    """With the embedded model as it draws, not enlarged: enlarging would take most of the time."""
    specs = [replace(spec, enlarge=1) for spec in catalogue.models]
    return Engine({spec.id: spec for spec in specs}, "cpu", threads=1, budget=BUDGET)


@pytest.fixture
def inputs(tmp_path: Path) -> tuple[Path, Path]:
    """A picture, and a mask of its upper half."""
    picture, mask = Image.new("RGB", (128, 128), "#3060d0"), Image.new("L", (128, 128), 0)
    ImageDraw.Draw(picture).ellipse((30, 60, 100, 120), fill="#f0c020")
    ImageDraw.Draw(mask).rectangle((0, 0, 128, 60), fill=255)
    picture.save(tmp_path / "picture.png")
    mask.save(tmp_path / "mask.png")
    return tmp_path / "picture.png", tmp_path / "mask.png"


class Rows:
    """Listens to how many rows each forward pass has; joins all that wait, whatever this machine gains by it."""

    def __init__(self, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[int] = []
        took = engine._profile.took

        def seen(kind: BatchKey, rows: int, seconds: float) -> None:
            self.seen.append(rows)
            took(kind, rows, seconds)

        monkeypatch.setattr(engine._profile, "rows", lambda _: 16)
        monkeypatch.setattr(engine._profile, "took", seen)


def small(**fields: Any) -> Picture:
    return job(**{"width": 128, "height": 128, **fields}).pictures()[0]


def alone(engine: Engine, picture: Picture) -> np.ndarray:
    events: list[Event] = []
    engine.run([picture], events.append)
    return pixels(events[-1])


def joining(engine: Engine, pictures: Sequence[Picture]) -> dict[str, np.ndarray]:
    """The pictures where another joins at every step."""
    events: list[Event] = []
    waiting = list(pictures)
    while waiting or engine.step():
        if waiting:
            engine.submit(waiting.pop(0), events.append)
            engine.step()
    ends = [event for event in events if isinstance(event, TERMINAL)]
    assert sorted(event.picture_id for event in ends) == sorted(picture.id for picture in pictures)
    return {event.picture_id: pixels(event) for event in ends}


@pytest.mark.slow
def test_requests_of_all_ways_and_schedulers_join_in_mid_run_and_come_out_as_alone(
    engine: Engine, catalogue: Catalogue, inputs: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Txt2img, img2img, inpainting, every scheduler, other steps, strengths and guidance share forward passes."""
    ways = cycle([{}, {"task": Task.IMG2IMG, "images": inputs[:1]}, {"task": Task.INPAINT, "images": inputs}])
    settings = zip(catalogue.first(Task.TXT2IMG).schedulers, cycle([4.0, 1.0, 7.5]), cycle([7, 5]), ways, strict=False)
    pictures = [
        small(scheduler=scheduler, guidance_scale=guidance, num_inference_steps=steps, seed=seed, **way)
        if not way
        else small(
            scheduler=scheduler, guidance_scale=guidance, num_inference_steps=2 * steps, seed=seed, strength=0.6, **way
        )
        for seed, (scheduler, guidance, steps, way) in enumerate(settings)
    ]
    rows = Rows(engine, monkeypatch)
    together = joining(engine, pictures)
    assert max(rows.seen) > 4
    for picture in pictures:
        assert psnr(together[picture.id], alone(engine, picture)) >= SAME, picture.request


@pytest.mark.slow
def test_what_is_cancelled_leaves_at_once_and_harms_nobody(engine: Engine) -> None:
    """A picture that is cancelled in mid-run makes no further step, and the one beside it is the one it is alone."""
    kept, left = small(num_inference_steps=8, seed=1), small(num_inference_steps=60, seed=2)
    events: list[Event] = []
    for picture in (kept, left):
        engine.submit(picture, events.append)
    while not any(isinstance(event, Progress) and event.picture_id == left.id for event in events):
        engine.step()
    engine.cancel(left.id)
    told = [event for event in events if event.picture_id == left.id]
    assert isinstance(told[-1], Cancelled)
    while engine.step():
        pass
    assert [event for event in events if event.picture_id == left.id] == told
    end = next(event for event in events if isinstance(event, Finished))
    assert psnr(pixels(end), alone(engine, kept)) >= SAME


@pytest.mark.slow
def test_a_newcomer_does_not_wait_for_earlier_pictures(engine: Engine) -> None:
    """A short request that comes while a long one runs is finished long before that."""
    long, short = small(num_inference_steps=60), small(num_inference_steps=3)
    events: list[Event] = []
    engine.submit(long, events.append)
    for _ in range(10):
        engine.step()
    engine.submit(short, events.append)
    while not (ends := [event for event in events if isinstance(event, Finished)]):
        engine.step()
    assert [end.picture_id for end in ends] == [short.id]
    assert max(event.step for event in events if isinstance(event, Progress) and event.picture_id == long.id) < 40
    engine.cancel(long.id)


@pytest.mark.slow
def test_a_picture_that_may_have_killed_its_worker_is_made_alone(engine: Engine) -> None:
    """A second attempt begins when nothing else is in flight, and what comes after it waits for its end."""
    first, second, third = (small(num_inference_steps=3, seed=seed) for seed in range(3))
    events: list[Event] = []
    for picture in (first, replace(second, attempt=2), third):
        engine.submit(picture, events.append)
    while engine.step():
        pass
    order = [event.picture_id for event in events]
    assert order == sorted(order, key=[first.id, second.id, third.id].index)


@pytest.mark.slow
def test_forward_passes_and_their_rows_are_counted_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pictures report of their passes adds up to the passes that were made, each of whose rows counts once."""
    rows, events = Rows(engine, monkeypatch), list[Event]()
    engine.run([small(num_inference_steps=3, seed=1), small(num_inference_steps=4, seed=2)], events.append)
    told = [event for event in events if isinstance(event, Progress)]
    assert max(rows.seen) == 4
    assert sum(event.rows for event in told) == sum(rows.seen)
    assert sum(event.passes for event in told) == pytest.approx(len(rows.seen))
