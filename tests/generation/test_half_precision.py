"""The precisions that GPUs use, on the CPU: nothing overflows unseen, and pictures join as in full precision."""

import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from benchmarks.exactness import half, joining, measure, psnr
from generation import Event, Finished, ModelSpec, Picture, Request, Task
from generation.engine.engine import Engine
from generation.families import FAMILIES
from generation.types import Loading, Precision
from tests.tiny import CHECKPOINTS, spec

CLOSE = 40.0  # dB: half precision rounds by what else is in the batch
CORE = ("stable_diffusion",)
#: whose tiny checkpoints take a CPU minutes, since their pipelines make about a megapixel whatever is asked for
LARGE = ("qwen_image_edit", "qwen_image_edit_plus", "longcat_image_edit", "joyimage_edit")
SIDE = 64


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in CORE else [pytest.mark.slow]) for name in joining() if name not in LARGE],
)
def test_pictures_of_a_family_join_in_half_precision(tmp_path: Path, name: str) -> None:
    """In the precision of a GPU, in lock-step and in mid-run, each is finite, and close to what it is alone."""
    for lockstep in (False, True):
        found = measure(name, tmp_path, half(name), lockstep=lockstep)
        assert found.psnr >= CLOSE
        assert found.rows_joined > found.rows_alone


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        name
        for name, (family, _, tasks) in CHECKPOINTS.items()
        if Precision.FP16 in FAMILIES[family].precisions and name not in LARGE and "txt2img" in tasks
    ],
)
def test_what_may_be_loaded_in_fp16_makes_pictures_in_it(tmp_path: Path, name: str) -> None:
    """Also those families that GPUs run in bf16: an operator whose card has none may choose it."""
    model = replace(spec(name, tmp_path), loading=Loading(precision=Precision.FP16))
    (picture,) = make(Engine({model.id: model}, "cpu", 1, 4.0, onnx=False), [request(model, 1)])
    assert picture.std() > 1


@pytest.fixture(scope="module")
def overflowing(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    """A tiny SDXL in fp16 whose autoencoder's inner numbers pass fp16's range, as the real one's do."""
    folder = tmp_path_factory.mktemp("xl")
    source = spec("stable_diffusion_xl", folder)
    target = folder / "overflowing"
    shutil.copytree(source.source, target)
    config = target / "vae" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "force_upcast": True}))
    file = target / "vae" / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    key = "decoder.mid_block.resnets.0.conv2.weight"
    weights[key] = weights[key] * (2e4 / float(weights[key].abs().max()))  # what follows is normalised
    save_file(weights, file, metadata={"format": "pt"})
    return replace(source, id="xl", source=str(target), loading=Loading(precision=Precision.FP16))


def make(engine: Engine, requests: Sequence[Request]) -> list[np.ndarray]:
    events: list[Event] = []
    engine.run([Picture(id=str(n), user_id=1, request=each) for n, each in enumerate(requests)], events.append)
    ends = {event.picture_id: event for event in events if isinstance(event, Finished)}
    assert len(ends) == len(requests), events
    pictures = [Image.open(io.BytesIO(ends[str(n)].png)).convert("RGB") for n in range(len(requests))]
    return [np.asarray(picture).astype(float) for picture in pictures]


def request(model: ModelSpec, seed: int, **fields: Any) -> Request:
    return Request(**{
        "task": Task.TXT2IMG, "model": model.id, "prompt": "a cat", "seed": seed, "width": SIDE, "height": SIDE,
        "num_inference_steps": 2, "guidance_scale": 4.0, "scheduler": model.defaults.scheduler, **fields,
    })  # fmt: skip


@pytest.mark.parametrize(
    "task", [Task.TXT2IMG, *(pytest.param(each, marks=pytest.mark.slow) for each in (Task.IMG2IMG, Task.INPAINT))]
)
def test_sdxl_pictures_decoded_at_the_same_time_are_not_black(
    overflowing: ModelSpec, task: Task, tmp_path: Path
) -> None:
    """Made together, with everything in step, each is what it is alone, and nothing is decoded in fp16."""
    Image.radial_gradient("L").resize((SIDE, SIDE)).convert("RGB").save(tmp_path / "picture.png")
    mask = Image.new("L", (SIDE, SIDE), 0)
    mask.paste(255, (0, 0, SIDE // 2, SIDE))
    mask.save(tmp_path / "mask.png")
    images = {Task.IMG2IMG: ("picture.png",), Task.INPAINT: ("picture.png", "mask.png")}.get(task, ())
    fields: dict[str, Any] = {"task": task, "images": tuple(tmp_path / name for name in images)}
    if images:
        fields |= {"strength": 0.8, "num_inference_steps": 4}
    engine = Engine({overflowing.id: overflowing}, "cpu", 1, 4.0, onnx=False)
    vae, used = engine._models.get(overflowing).pipeline.vae, set[torch.dtype]()
    original = vae.decode

    def decode(latents: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        used.update({latents.dtype, vae.dtype})
        return original(latents, *args, **kwargs)

    vae.decode = decode
    wanted = [request(overflowing, seed, **fields) for seed in range(4)]
    alone = [make(engine, [each])[0] for each in wanted]
    together = make(engine, wanted)
    assert used == {torch.bfloat16}
    assert engine._models.get(overflowing).pipeline.unet.dtype is torch.float16
    for one, other in zip(alone, together, strict=True):
        assert one.std() > 1
        assert psnr(one, other) >= CLOSE


@pytest.mark.slow
def test_exact_pictures_are_the_same_whatever_is_made_beside_them(tmp_path: Path) -> None:
    """With ``exact`` each has forward passes of its own: not one pixel depends on the others."""
    model = replace(spec("qwen_image", tmp_path), loading=Loading(precision=Precision.BF16))
    prompts = ("a cat", "a very long red cat on the roof of a house beside the sea")
    wanted = [request(model, seed, prompt=prompts[seed % 2]) for seed in range(4)]
    engine = Engine({model.id: model}, "cpu", 1, 4.0, exact=True)
    engine._profile.rows = lambda _: 16  # type: ignore[method-assign,assignment]
    alone = [make(engine, [each])[0] for each in wanted]
    assert all((one == other).all() for one, other in zip(alone, make(engine, wanted), strict=True))
