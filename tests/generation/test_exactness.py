"""Each family joined in mid-run: pictures must come out as they do alone, whatever shares their forward passes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generation import Event, Finished, Picture, Request, Task
from generation.engine.engine import Engine
from generation.engine.families import FAMILIES
from tests.tiny import CHECKPOINTS, spec

from .conftest import pixels, psnr

SAME = 60.0  # dB
SIDE = 64  # pixels
CORE = ("flux", "qwen_image", "z_image")
#: a family that is not among them is made alone
NAMES = [
    pytest.param(name, marks=[] if name in CORE else [pytest.mark.slow])
    for name, (family, _, _) in CHECKPOINTS.items()
    if FAMILIES[family].joins
]
PROMPTS = ("a cat", "a very long red cat on the roof of a house beside the sea", "two dogs")


@pytest.mark.parametrize("name", NAMES)
def test_pictures_of_a_family_that_join_in_mid_run_come_out_as_alone(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests of all its ways, with other prompts, steps and guidance, each joining a step after the one before."""
    tasks = CHECKPOINTS[name][2]
    model = spec(name, tmp_path)
    engine = Engine({model.id: model}, "cpu", 1, 4.0)
    rows: list[int] = []
    monkeypatch.setattr(engine._profile, "rows", lambda _: 16)
    monkeypatch.setattr(engine._profile, "took", lambda kind, count, seconds: rows.append(count))
    picture, mask = Image.radial_gradient("L").resize((SIDE, SIDE)).convert("RGB"), Image.new("L", (SIDE, SIDE), 0)
    mask.paste(255, (0, 0, SIDE // 2, SIDE))
    picture.save(tmp_path / "picture.png")
    mask.save(tmp_path / "mask.png")
    inputs = {Task.TXT2IMG: (), Task.INPAINT: (tmp_path / "picture.png", tmp_path / "mask.png")}
    requests = []
    for place, prompt in enumerate(PROMPTS):
        task = Task(tasks[place % len(tasks)])
        request = Request(
            task=task, model=model.id, prompt=prompt, negative_prompt="no" * place, seed=place, width=SIDE, height=SIDE,
            num_inference_steps=6 - place, guidance_scale=3.0 + place, scheduler=model.defaults.scheduler,
            images=inputs.get(task, (tmp_path / "picture.png",)),
            strength=0.9 if task in (Task.IMG2IMG, Task.INPAINT) else None,
        )  # fmt: skip
        requests.append(request)
    pictures = [Picture(id=str(place), user_id=1, request=request) for place, request in enumerate(requests)]
    alone = [_finished(engine, [each])[each.id] for each in pictures]
    single = max(rows)
    rows.clear()
    together = _finished(engine, pictures)
    for each, expected in zip(pictures, alone, strict=True):
        assert psnr(together[each.id], expected) >= SAME, each.request
    assert max(rows) > single


def _finished(engine: Engine, pictures: list[Picture]) -> dict[str, np.ndarray]:
    """The pictures, where one begins each step."""
    events: list[Event] = []
    for picture in pictures:
        engine.submit(picture, events.append)
        engine.step()
    while engine.step():
        pass
    assert len([event for event in events if isinstance(event, Finished)]) == len(pictures), events
    return {event.picture_id: pixels(event) for event in events if isinstance(event, Finished)}
