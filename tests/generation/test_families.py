"""Editing and inpainting, with real pipelines of tiny or embedded models, in this process."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from generation import Catalogue, Event, Failed, Finished, PictureError, Progress, Request, Task
from generation.engine.engine import Engine
from generation.families import Call
from generation.families.flux import TRUE_GUIDANCE, Flux
from generation.images import masks
from generation.types import Picture
from tests.tiny import catalogue_with_kontext


def make(engine: Engine, *requests: Request) -> list[Event]:
    """All events of one batch; it must not fail."""
    events: list[Event] = []
    pictures = [Picture(id=f"{'0' * 12}:{place}", user_id=1, request=request) for place, request in enumerate(requests)]
    engine.run(pictures, events.append, lambda _: False)
    assert not [event for event in events if isinstance(event, Failed)]
    return events


def pixels(event: Event) -> np.ndarray:
    assert isinstance(event, Finished)
    return np.asarray(Image.open(io.BytesIO(event.png)).convert("RGB")).astype(int)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    image = Image.new("RGB", (64, 64), "#3060d0")
    ImageDraw.Draw(image).ellipse((16, 16, 48, 48), fill="#e04020")
    path = tmp_path / "source.png"
    image.save(path)
    return path


def test_kontext_edits_a_picture_and_the_seed_decides_it(tmp_path: Path, source: Path) -> None:
    """A tiny FLUX.1 Kontext from a further catalogue file runs through the engine, two in a batch, with progress."""
    catalogue = Catalogue.load(catalogue_with_kontext(tmp_path))
    spec = catalogue.get("tiny-kontext")
    engine = Engine({spec.id: spec}, "cpu", 1, 4.0)
    requests = [
        Request(
            task=Task.EDIT, model=spec.id, prompt="make the sky purple", seed=seed, width=64, height=64,
            num_inference_steps=3, guidance_scale=2.5, scheduler="Euler flow", images=(source,),
        )
        for seed in (1, 2)
    ]  # fmt: skip
    for request in requests:
        catalogue.check(request)
    events = make(engine, *requests)
    first, second = (event for event in events if isinstance(event, Finished))
    assert pixels(first).shape == (64, 64, 3)
    assert np.abs(pixels(first) - pixels(second)).max() > 0
    assert sorted(event.step for event in events if isinstance(event, Progress)) == [1, 1, 2, 2, 3, 3]
    again = next(event for event in make(engine, requests[0]) if isinstance(event, Finished))
    assert np.abs(pixels(again) - pixels(first)).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("scheduler", ["DPM++ 2M", "DDIM", "Euler a", "Heun"])
def test_inpainting_changes_what_is_marked_and_keeps_the_rest(tmp_path: Path, scheduler: str) -> None:
    """Outside of the mask, and its soft edge, every pixel stays; inside the picture is made anew."""
    spec = Catalogue.load().get("criar-embedded")
    engine = Engine({model.id: model for model in Catalogue.load().models}, "cpu", 1, 8.0)
    picture, mask = Image.new("RGB", (256, 256), "#3060d0"), Image.new("L", (256, 256), 0)
    ImageDraw.Draw(picture).rectangle((60, 160, 200, 220), fill="#f0c020")
    ImageDraw.Draw(mask).rectangle((0, 0, 256, 120), fill=255)
    picture.save(tmp_path / "picture.png")
    mask.save(tmp_path / "mask.png")
    request = Request(
        task=Task.INPAINT, model=spec.id, prompt="a strawberry", seed=5, width=256, height=256, strength=0.9,
        num_inference_steps=8, guidance_scale=4.0, scheduler=scheduler,
        images=(tmp_path / "picture.png", tmp_path / "mask.png"),
    )  # fmt: skip
    made = pixels(next(event for event in make(engine, request) if isinstance(event, Finished)))
    before = np.asarray(picture).astype(int)
    assert np.abs(made[40:100] - before[40:100]).mean() > 5
    assert np.abs(made[150:] - before[150:]).mean() < 4


def test_a_mask_is_the_transparent_part_or_the_light_part() -> None:
    """Either way white means anew; a mask that marks nothing is refused."""
    clear = Image.new("RGBA", (40, 40), (10, 20, 30, 255))
    ImageDraw.Draw(clear).rectangle((0, 0, 19, 39), fill=(0, 0, 0, 0))
    painted = Image.new("RGB", (40, 40), "black")
    ImageDraw.Draw(painted).rectangle((0, 0, 19, 39), fill="white")
    for image in (clear, painted):
        file = io.BytesIO()
        image.save(file, "PNG")
        mask = Image.open(io.BytesIO(masks.open_mask(file.getvalue())))
        assert (mask.getpixel((5, 5)), mask.getpixel((30, 30))) == (255, 0)
    file = io.BytesIO()
    Image.new("RGB", (40, 40)).save(file, "PNG")
    with pytest.raises(PictureError, match="marks nothing"):
        masks.open_mask(file.getvalue())


@pytest.mark.parametrize(("guidance", "true"), [(3.5, TRUE_GUIDANCE), (0.0, None)])
def test_flux_is_guided_against_a_negative_prompt_beside_its_distilled_guidance(
    guidance: float, true: float | None
) -> None:
    """Not as strongly as by the distilled one; without guidance, as schnell is run, it is left out."""
    request = Request(task=Task.TXT2IMG, model="f", prompt="a", negative_prompt="b", guidance_scale=guidance)
    words = Flux().prompt_arguments(Call([Picture(id="1", user_id=1, request=request)], (64, 64), [[]]))
    assert words["guidance_scale"] == guidance
    assert words.get("true_cfg_scale") == true
    assert ("negative_prompt" in words) is (true is not None)
