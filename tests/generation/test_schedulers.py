"""Schedulers do their arithmetic without making the device wait."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, PNDMScheduler

import generation
from generation.engine.schedulers import CLASSES, DEFAULT, make_scheduler

STEPS = 5
MODEL = Path(generation.__file__).parent / "embedded" / "model"
CONFIG = json.loads((MODEL / "scheduler" / "scheduler_config.json").read_text())
FLOW = {"_class_name": "FlowMatchEulerDiscreteScheduler"}
#: what models are saved with, beside those that have a name
SAVED = [
    pytest.param(DEFAULT, {**CONFIG, "_class_name": "DDPMScheduler"}, id="DDPM"),
    pytest.param(DEFAULT, {**CONFIG, "_class_name": "PNDMScheduler", "skip_prk_steps": True}, id="PNDM"),
]
NAMED = [pytest.param(name, FLOW if "flow" in name else CONFIG, id=name) for name in CLASSES]


@pytest.mark.parametrize(("name", "config"), [*NAMED, *SAVED])
def test_no_step_reads_from_the_device(name: str, config: dict[str, str]) -> None:
    """Steps of every scheduler run on a device whose values cannot be read: to read one would make a GPU wait."""
    scheduler = make_scheduler(name, config)
    scheduler.set_timesteps(STEPS, **({"mu": 1.0} if "shift" in name else {}))
    scheduler.timesteps = scheduler.timesteps.to("meta")
    latents = torch.empty(1, 4, 8, 8, device="meta")
    takes_noise = "generator" in inspect.signature(scheduler.step).parameters
    noise = {"generator": torch.Generator().manual_seed(1)} if takes_noise else {}
    for time in scheduler.timesteps:
        latents = scheduler.step(latents, time, latents, return_dict=False, **noise)[0]
    assert scheduler.step_index == len(scheduler.timesteps)


@pytest.mark.parametrize("first", [0, 2])
@pytest.mark.parametrize("kind", [DDIMScheduler, DDPMScheduler, PNDMScheduler])
def test_times_told_on_the_host_change_nothing(kind: Any, first: int) -> None:
    """The latents are those of diffusers' own scheduler, from the first step or, as with a strength, a later one."""
    config = {**CONFIG, "_class_name": kind.__name__, "skip_prk_steps": True}
    made = []
    for scheduler in (make_scheduler(DEFAULT, config), kind.from_config(config)):
        scheduler.set_timesteps(STEPS)
        torch.manual_seed(0)
        latents = torch.randn(1, 4, 8, 8)
        for time in scheduler.timesteps[first:]:
            latents = scheduler.step(latents.sin(), time, latents, return_dict=False)[0]
        made.append(latents)
    assert torch.equal(*made)


def test_a_time_of_the_pipeline_s_own_is_found() -> None:
    """A time that is no view of the scheduler's own is looked up by its value."""
    scheduler, stock = make_scheduler("DDIM", CONFIG), DDIMScheduler.from_config(CONFIG)
    for each in (scheduler, stock):
        each.set_timesteps(STEPS)
    latents, time = torch.randn(1, 4, 8, 8), scheduler.timesteps[3].clone()
    assert torch.equal(scheduler.step(latents, time, latents)[0], stock.step(latents, time, latents)[0])
    assert scheduler.step_index == 4


def test_schedulers_without_tables_of_times_are_left_as_they_are() -> None:
    """A pipeline for any kind of model may call its scheduler's own way."""
    scheduler = make_scheduler(DEFAULT, {"_class_name": "AmusedScheduler", "mask_token_id": 5})
    scheduler.set_timesteps(STEPS, (2, 0), "cpu")
    assert len(scheduler.timesteps) == STEPS
