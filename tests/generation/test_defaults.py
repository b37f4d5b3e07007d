"""What a member gets who chooses nothing can be run by every family: steps, guidance and scheduler of families.toml."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import pytest

from generation import Event, Finished, ModelSpec, Picture, Request, Task
from generation.engine.engine import Engine
from generation.engine.schedulers import make_scheduler
from tests.tiny import CHECKPOINTS, spec

SIDE = 64
#: whose pipelines make a picture of about a megapixel whatever is asked for, which takes a CPU minutes at full steps
LARGE = ("qwen_image_edit", "qwen_image_edit_plus", "kandinsky5", "kandinsky5_edit", "longcat_image_edit",
         "joyimage_edit_plus")  # fmt: skip
CORE = ("stable_diffusion", "flux")
NAMES = [
    pytest.param(name, marks=[] if name in CORE else [pytest.mark.slow]) for name in CHECKPOINTS if name not in LARGE
]


def last(engine: Engine, model: ModelSpec, **fields: Any) -> Event:
    usual = model.defaults
    task = Task.TXT2IMG if Task.TXT2IMG in model.tasks else Task.EDIT
    request = Request(**{
        "task": task, "model": model.id, "prompt": "a cat", "seed": 1, "width": SIDE, "height": SIDE,
        "num_inference_steps": usual.num_inference_steps, "guidance_scale": usual.guidance_scale,
        "scheduler": usual.scheduler, **fields,
    })  # fmt: skip
    events: list[Event] = []
    engine.run([Picture(id="1", user_id=1, request=request)], events.append)
    return events[-1]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_a_familys_defaults_make_a_picture(tmp_path: Path, name: str) -> None:
    """With its default steps, guidance and scheduler, and with each other scheduler that it offers, in few steps."""
    from PIL import Image

    model = spec(name, tmp_path)
    if Task.TXT2IMG not in model.tasks and Task.EDIT not in model.tasks:
        pytest.skip("it only repaints")
    Image.radial_gradient("L").resize((SIDE, SIDE)).convert("RGB").save(tmp_path / "input.png")
    images = () if Task.TXT2IMG in model.tasks else (tmp_path / "input.png",)
    engine = Engine({model.id: model}, "cpu", 1, 4.0, onnx=False)
    end = last(engine, model, images=images)
    assert isinstance(end, Finished), end
    for scheduler in model.schedulers[1:]:
        end = last(engine, model, images=images, scheduler=scheduler, num_inference_steps=4)
        assert isinstance(end, Finished), (scheduler, end)


@pytest.mark.slow
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
def test_a_model_of_v_prediction_with_zero_terminal_snr_runs_with_every_scheduler(tmp_path: Path, spacing: str) -> None:
    """Its first step begins in pure noise, where some schedules divide by nothing; none gives NaN."""
    base = spec("stable_diffusion", tmp_path)
    folder = tmp_path / "zero"
    shutil.copytree(base.source, folder)
    file = folder / "scheduler" / "scheduler_config.json"
    saved = json.loads(file.read_text())
    more = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": spacing}
    file.write_text(json.dumps({**saved, **more}))
    model = replace(base, id="zero", source=str(folder))
    engine = Engine({model.id: model}, "cpu", 1, 4.0, onnx=False)
    for scheduler in model.schedulers:
        end = last(engine, model, scheduler=scheduler, num_inference_steps=5)
        assert isinstance(end, Finished), (scheduler, end)
    assert isinstance(last(engine, model), Finished)


def test_a_flow_scheduler_keeps_the_shift_of_the_solver_that_was_saved() -> None:
    """Sana's is called flow_shift; without it "Euler flow" would run another schedule than the model was made for."""
    saved = diffusers.DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )
    assert make_scheduler("Euler flow", saved.config).config.shift == 3.0
    own = diffusers.FlowMatchEulerDiscreteScheduler(shift=6.0)
    assert make_scheduler("Euler flow", own.config).config.shift == 6.0
