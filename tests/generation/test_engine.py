"""The engine by itself, where a device must be made to fail."""

import weakref
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
import torch

from benchmarks.exactness import psnr
from generation import Catalogue, Event, Failed, Finished, Picture, Progress, Started, Task, batch_profile
from generation.engine.engine import Engine
from generation.engine.picture_run import Run
from generation.engine.step_batcher import Member

from .studio import job, pixels

BUDGET = 8.0  # GiB


@pytest.fixture(scope="module")
def engine(catalogue: Catalogue) -> Engine:
    return new_engine(catalogue)


def new_engine(catalogue: Catalogue) -> Engine:
    return Engine({spec.id: spec for spec in catalogue.models}, "cpu", threads=1, budget=BUDGET)


class Memory:
    """A denoiser that asks for more memory than there is when it is given more rows than ``rows``."""

    def __init__(self, unet: torch.nn.Module) -> None:
        self.rows = 1000
        self.freed: list[bool] = []
        self._forward = unet.forward
        self._too_large: weakref.ref[torch.Tensor] | None = None

    def __call__(self, sample: torch.Tensor, *args: object, **kwargs: object) -> object:
        if self._too_large:
            self.freed.append(self._too_large() is None)
            self._too_large = None
        if len(sample) > self.rows:
            self._too_large = weakref.ref(sample)
            torch.empty(2**50)
        return self._forward(sample, *args, **kwargs)


@pytest.fixture
def memory(engine: Engine, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> Memory:
    unet = engine._models.get(catalogue.first(Task.TXT2IMG)).pipeline.unet
    memory = Memory(unet)
    monkeypatch.setattr(unet, "forward", memory)
    return memory


def run(engine: Engine, *pictures: Picture) -> list[Event]:
    events: list[Event] = []
    engine.run(pictures, events.append, lambda _: False)
    return events


def four(seed: int, **fields: Any) -> tuple[Picture, ...]:
    one = job(seed=seed, num_inference_steps=4, **fields)
    return replace(one, request=replace(one.request, count=4)).pictures()


@pytest.mark.slow
def test_a_batch_too_large_for_the_memory_is_made_in_parts(engine: Engine, memory: Memory) -> None:
    """Four pictures where two fit become the same four pictures, each started and ended once."""
    usual = [event for event in run(engine, *four(40)) if isinstance(event, Finished)]
    memory.rows = 4  # guidance takes two rows a picture
    events = run(engine, *four(40))
    parted = [event for event in events if isinstance(event, Finished)]
    kinds = Counter(type(event) for event in events)
    assert (kinds[Started], kinds[Finished], kinds[Failed]) == (4, 4, 0)
    assert all(psnr(pixels(a), pixels(b)) >= 60 for a, b in zip(usual, parted, strict=True))


@pytest.mark.slow
def test_what_did_not_fit_is_given_back_before_it_is_tried_again(
    engine: Engine, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When fewer rows are tried, the tensors of the attempt that failed are gone."""
    monkeypatch.setattr(batch_profile, "SAMPLES", 1)  # so that twice as many rows are tried at every step
    monkeypatch.setattr(batch_profile, "GAIN", 0.0)
    memory.rows = 4
    run(engine, *four(44, width=384))
    assert memory.freed == [True]


def test_one_picture_too_large_for_the_memory_fails_with_what_to_do(engine: Engine, memory: Memory) -> None:
    """Where not even one row fits, the picture fails with a sentence that names a smaller size."""
    memory.rows = 0
    end = run(engine, job().pictures()[0])[-1]
    assert isinstance(end, Failed)
    assert "smaller size" in end.template
    assert not end.retryable


def test_a_picture_of_a_model_that_is_not_offered_any_more_fails_with_a_sentence(engine: Engine) -> None:
    """The picture waited while the operator took the model away; the engine goes on with the others."""
    refused = run(engine, *job(model="taken-away").pictures())
    (end,) = refused
    assert isinstance(end, Failed)
    assert "choose another model" in end.template


@pytest.mark.slow
def test_a_device_that_is_lost_ends_the_engine(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing more can be made in this process, so that the error leaves it, for another to take its place."""
    engine = new_engine(catalogue)  # not the shared one, since it keeps the pictures that it was making

    def lost(*_: object, **__: object) -> object:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(engine._models.get(catalogue.first(Task.TXT2IMG)).pipeline.unet, "forward", lost)
    with pytest.raises(torch.AcceleratorError):
        run(engine, *four(seed=1))


def test_memory_that_runs_out_beside_torchs_allocator_does_not_end_the_engine(
    engine: Engine, memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture fails with a sentence; it is the error's type of a lost device, and is not one."""

    def scarce(*_: object, **__: object) -> object:
        raise torch.AcceleratorError("CUDA error: out of memory")

    monkeypatch.setattr(memory, "_forward", scarce)
    end = run(engine, job(num_inference_steps=2).pictures()[0])[-1]
    assert isinstance(end, Failed)
    assert "smaller size" in end.template


def test_pictures_wait_where_too_many_are_at_their_end(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for two in a forward pass, two at their end let two others in, and three let none in."""
    monkeypatch.setattr(engine._profile, "rows", lambda _: 4)
    kind = batch_profile.BatchKey("criar-embedded", 128, 128)
    monkeypatch.setattr(engine, "_recent_kinds", [kind])
    monkeypatch.setattr(engine, "resident", lambda: ("criar-embedded",))
    for ending, capacity in ((2, 4), (3, 3)):
        members = {picture.id: Member(kind, rows=0) for picture in four(seed=1)[:ending]}
        monkeypatch.setattr(engine._batcher, "_members", members)
        monkeypatch.setattr(
            engine, "_runs", {name: Run(job().pictures()[0], print, engine._previews) for name in members}
        )
        assert engine.capacity() == capacity


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_ahead_leaves_the_others_working(catalogue: Catalogue) -> None:
    """With the first model's folder absent the engine starts, says so to who asks for it, and makes the rest."""
    good = catalogue.first(Task.TXT2IMG)
    gone = replace(good, id="gone", source="/nowhere/model")
    engine = Engine({"gone": gone, good.id: good}, "cpu", threads=1, budget=BUDGET)
    engine.warm_up()
    refused, made = (
        run(engine, *job(model=model, num_inference_steps=2).pictures())[-1] for model in ("gone", good.id)
    )
    assert isinstance(refused, Failed)
    assert "cannot be loaded" in refused.template
    assert isinstance(made, Finished)


@pytest.mark.slow
def test_progress_counts_the_steps_that_were_asked_for_with_every_scheduler(
    engine: Engine, catalogue: Catalogue
) -> None:
    """Progress rises to exactly its end, also where a scheduler takes two passes a step."""
    for scheduler in catalogue.first(Task.TXT2IMG).schedulers:
        events = run(engine, *job(scheduler=scheduler, num_inference_steps=6).pictures())
        steps = [event.step for event in events if isinstance(event, Progress)]
        assert {event.of for event in events if isinstance(event, Progress)} == {6}
        assert steps == sorted(steps)
        assert set(steps) == set(range(1, 7)), scheduler
