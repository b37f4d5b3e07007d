"""What is learnt, shown and done while a GPU works: by its work, not by how long it takes to launch that."""

import io
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.gpu.late_device import LateDevice
from benchmarks.gpu.stand_in import MOST_IDLE, idle_share, reads_within_steps
from generation import Enlarging, Event, Failed, Finished, ModelSpec, Picture, Preview, Progress, Request, Task
from generation.batch_profile import SAMPLES
from generation.engine import picture_maker, upscale
from generation.engine.engine import Engine
from generation.engine.preview import PreviewPacer
from generation.engine.step_batcher import LEAD
from generation.types import Loading, Offload
from tests.tiny import spec

SIDE = 64


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    found = spec("stable_diffusion", tmp_path_factory.mktemp("gpu"))
    return replace(found, loading=Loading(offload=Offload.NONE))


def picture(model: ModelSpec, number: int, **fields: Any) -> Picture:
    request = Request(**{
        "task": Task.TXT2IMG, "model": model.id, "prompt": "a cat", "seed": number, "width": SIDE, "height": SIDE,
        "num_inference_steps": 20, "guidance_scale": 4.0, "scheduler": "DPM++ 2M", **fields,
    })  # fmt: skip
    return Picture(id=str(number), user_id=1, request=request)


def engine_on(device: LateDevice, model: ModelSpec, seconds: Callable[[int], float], each: int = 0) -> Engine:
    """An engine whose denoiser runs on the device, with the model loaded."""
    engine = Engine({model.id: model}, device, 1, 4.0, onnx=False)
    pipeline = engine._models.get(model).pipeline
    device.runs(pipeline.unet, "forward", seconds, each)
    return engine


def make(engine: Engine, *pictures: Picture) -> list[Event]:
    events: list[Event] = []
    engine.run(pictures, events.append)
    return events


def at_once(work: Callable[[], bytes]) -> "Future[bytes]":
    done: Future[bytes] = Future()
    done.set_result(work())
    return done


def knee(rows: int) -> float:
    """Seconds of a pass on a device that gains up to four rows and nothing more beyond."""
    return 0.05 * max(4, rows) / 4


@pytest.mark.slow
def test_row_counts_settle_at_the_knee_of_the_work_though_launching_is_constant(model: ModelSpec) -> None:
    """Passes of any number of rows are launched in the same time; the rows that are joined are those that gain."""
    device = LateDevice()
    engine = engine_on(device, model, knee)
    waiting = [picture(model, number, num_inference_steps=4 * SAMPLES) for number in range(24)]
    events: list[Event] = []
    while engine.step() or waiting:
        while waiting and engine.capacity() > len(engine._batcher.members) + len(engine._arrivals):
            engine.submit(waiting.pop(), events.append)
    (kind,) = engine._recent_kinds
    assert engine._profile.rows(kind) == 4
    seconds = engine._profile._of(kind).seconds
    assert {rows: round(each, 3) for rows, each in seconds.items()} == {rows: round(knee(rows), 3) for rows in seconds}


def test_the_host_runs_ahead_of_the_device_and_not_too_far(model: ModelSpec) -> None:
    """There is always work queued, but never more than LEAD passes, so that whoever comes joins soon."""
    device = LateDevice()
    engine, leads = engine_on(device, model, lambda _: 0.2), list[float]()
    original = device.queue

    def queue(seconds: float) -> None:
        leads.append((device.end - device.time()) / 0.2)
        original(seconds)

    device.queue = queue  # type: ignore[method-assign]
    make(engine, picture(model, 1))
    assert max(leads) <= LEAD
    assert min(leads[LEAD:]) > 0
    assert device.idle_seconds < 0.01 * device.busy_seconds


@pytest.mark.slow
def test_the_device_hardly_idles_while_pictures_begin_and_end(model: ModelSpec, tmp_path: Path) -> None:
    """Reading and encoding take longer than the steps, and cost the device next to nothing beside threads."""
    assert idle_share(model, tmp_path) < MOST_IDLE
    assert idle_share(model, tmp_path, threads=False) > 0.2


@pytest.mark.parametrize(
    ("seconds", "least"), [pytest.param(1.6, 15, marks=pytest.mark.slow), (0.05, 3)], ids=["slow", "fast"]
)
def test_previews_come_at_their_pace_and_nothing_waits_for_them(
    model: ModelSpec, seconds: float, least: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow model shows nearly every step, a fast one four a second, and the host stalls only to keep its lead."""
    monkeypatch.setattr(PreviewPacer, "SHARE", 1.0)  # what encoding takes is real time, and the device's is not
    device, plain = LateDevice(), LateDevice()
    engine = engine_on(device, model, lambda _: seconds)
    engine._previews._run = at_once  # threads work in real time
    shown = make(engine, picture(model, 1))
    hidden = engine_on(plain, model, lambda _: seconds)
    hidden._models.get(model).colours = None
    make(hidden, picture(model, 1))
    assert least <= sum(isinstance(event, Preview) for event in shown) <= 20
    assert device.stalls <= plain.stalls
    assert device.idle_seconds < 0.02 * device.busy_seconds


def test_the_host_reads_no_value_from_the_device_within_a_step(model: ModelSpec) -> None:
    """Between the first step and the last nothing asks for a number, which would drain a GPU's queue."""
    assert reads_within_steps(model) == []


def test_pictures_are_read_enlarged_and_encoded_beside_the_engines_thread(
    model: ModelSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inputs, PNG and tiles are the work of other threads, so that this one only feeds the device."""
    threads: set[int] = set()

    def noted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            threads.add(threading.get_ident())
            return function(*args, **kwargs)

        return call

    for module, name in ((picture_maker, "read_kept"), (picture_maker, "encode_png"), (upscale.Upscaler, "_tile")):
        monkeypatch.setattr(module, name, noted(getattr(module, name)))
    Image.radial_gradient("L").resize((SIDE, SIDE)).convert("RGB").save(tmp_path / "input.png")
    images = (tmp_path / "input.png",)
    engine = engine_on(LateDevice(), model, lambda _: 0.1)
    inked = picture(model, 1, task=Task.IMG2IMG, strength=0.5, images=images, enlarge_first=True)
    events = make(engine, inked)
    assert isinstance(events[-1], Finished)
    assert Enlarging in [type(event) for event in events[: [type(event) for event in events].index(Progress)]]
    assert threads
    assert threading.get_ident() not in threads


def test_a_picture_that_is_cancelled_while_a_thread_works_on_it_leaves_at_once(
    model: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its thread stops at the next tile, and nothing of it is delivered."""
    entered, go_on = threading.Event(), threading.Event()

    def slow(*_: Any) -> bytes:
        entered.set()
        go_on.wait(10)
        return b""

    monkeypatch.setattr(picture_maker, "encode_png", slow)
    engine, events = engine_on(LateDevice(), model, lambda _: 0.1), list[Event]()
    engine.submit(picture(model, 1, num_inference_steps=2), events.append)
    while not entered.is_set():
        engine.step()
    engine.cancel("1")
    go_on.set()
    assert not engine.step()
    assert [type(event).__name__ for event in events if event.picture_id == "1"][-1] == "Cancelled"
    assert not any(isinstance(event, Finished) for event in events)


@pytest.mark.slow
def test_rows_are_joined_only_as_far_as_they_fit_beside_what_a_decode_takes(model: ModelSpec) -> None:
    """After the first passes it is known what a row takes, so memory does not run out at all."""
    device = LateDevice()
    device.memory = 9 * 2**20
    engine = engine_on(device, model, lambda _: 0.05, each=2**20)
    engine._batcher._single_bytes = 2 * 2**20
    seen: list[int] = []
    took = engine._profile.took
    engine._profile.took = lambda kind, rows, seconds: (seen.append(rows), took(kind, rows, seconds))[1]  # type: ignore[method-assign,func-returns-value]
    events = make(engine, *(picture(model, number, num_inference_steps=30) for number in range(8)))
    assert sum(isinstance(event, Finished) for event in events) == 8
    assert max(seen) == 6  # of seven that fit, in pictures of two rows
    assert engine._profile._limits == {}


def test_a_decode_that_does_not_fit_is_tried_in_tiles(model: ModelSpec) -> None:
    """The picture is made, and the next one is decoded whole again."""
    engine = engine_on(LateDevice(), model, lambda _: 0.05)
    vae, tiled = engine._models.get(model).pipeline.vae, list[bool]()
    decode = vae.decode

    def scarce(*args: Any, **kwargs: Any) -> Any:
        tiled.append(vae.use_tiling)
        if not vae.use_tiling and len(tiled) < 4:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return decode(*args, **kwargs)

    vae.decode = scarce
    ends = [make(engine, picture(model, number, num_inference_steps=2))[-1] for number in (1, 2)]
    assert all(isinstance(end, Finished) for end in ends)
    assert tiled == [False, False, True, False]


def test_numbers_that_are_not_finite_are_a_sentence_and_no_picture(model: ModelSpec) -> None:
    """A decoder that gives NaN, as in fp16 where it overflows, fails the picture."""
    engine = engine_on(LateDevice(), model, lambda _: 0.05)
    vae = engine._models.get(model).pipeline.vae
    decode = vae.decode
    vae.decode = lambda latents, **kwargs: decode(latents * float("nan"), **kwargs)
    end = make(engine, picture(model, 1, num_inference_steps=2))[-1]
    assert isinstance(end, Failed)
    assert "overflowed" in end.template


@pytest.mark.slow
def test_a_picture_is_the_same_as_on_a_device_that_does_not_run_late(model: ModelSpec) -> None:
    """What is queued and taken later holds the same pixels."""

    def pixels(engine: Engine) -> np.ndarray:
        end = make(engine, picture(model, 5))[-1]
        assert isinstance(end, Finished)
        return np.asarray(Image.open(io.BytesIO(end.png)).convert("RGB")).astype(int)

    late = pixels(engine_on(LateDevice(), model, lambda _: 0.1))
    assert (late == pixels(Engine({model.id: model}, "cpu", 1, 4.0, onnx=False))).all()
