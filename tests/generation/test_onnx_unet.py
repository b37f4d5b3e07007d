"""ONNX Runtime in the place of torch: the same numbers, and only where it can stand for it."""

from dataclasses import replace

import pytest
import torch
from diffusers import UNet2DConditionModel

from benchmarks.exactness import psnr
from generation import Catalogue, Event, Finished, Picture, Request, Task
from generation.engine import onnx_unet
from generation.engine.engine import Engine
from generation.engine.onnx_unet import SAMPLES, OnnxUNet

from .studio import pixels

EMBEDDED = "criar-embedded"
ROWS, SIDE, LENGTH = 3, 16, 48


@pytest.fixture(scope="module")
def unet() -> UNet2DConditionModel:
    """The embedded model's, in full precision."""
    source = Catalogue.load().get(EMBEDDED).source
    return UNet2DConditionModel.from_pretrained(source, subfolder="unet", torch_dtype=torch.float32)


def given(side: int = SIDE) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Latents, a time between two of training's as some schedulers ask for, and a prompt."""
    source = torch.Generator().manual_seed(1)
    return (
        torch.randn(ROWS, 8, side, side, generator=source),
        torch.tensor(312.5),
        torch.randn(ROWS, LENGTH, 256, generator=source),
    )


@pytest.mark.slow
@torch.inference_mode()  # type: ignore[untyped-decorator]
def test_the_faster_runtime_is_chosen_after_both_ran_and_says_the_same(unet: UNet2DConditionModel) -> None:
    """After some passes of both the faster one alone is asked, and the latents agree to a hundredth of a grey level."""
    expected = unet(*given()).sample
    quick = OnnxUNet(unet)
    for _ in range(SAMPLES):
        assert torch.equal(quick(*given()).sample, expected)
    ((times, of_torch, of_other),) = quick._took.values()
    assert times == SAMPLES
    assert 0 < of_torch < 10
    assert 0 < of_other < 10
    for best in ((1.0, 0.5), (0.5, 1.0)):
        quick._took = dict.fromkeys(quick._took, (SAMPLES, *best))
        (found,) = quick(*given(), return_dict=False)
        assert torch.equal(found, expected) is (best[0] < best[1])  # their last digits tell them apart
        assert (found - expected).abs().max() < onnx_unet.CLOSE


@torch.inference_mode()  # type: ignore[untyped-decorator]
@pytest.mark.slow
def test_what_the_graph_does_not_know_is_left_to_torch(unet: UNet2DConditionModel) -> None:
    """Sides that would have to be padded, and arguments beyond latents, time and prompt, never reach the graph."""
    quick = OnnxUNet(unet)
    odd = given(SIDE + 2)
    assert torch.equal(quick(*odd).sample, unet(*odd).sample)
    mask = torch.ones(ROWS, LENGTH)
    masked = quick(*given(), encoder_attention_mask=mask).sample
    assert torch.equal(masked, unet(*given(), encoder_attention_mask=mask).sample)
    assert not quick._took


@torch.inference_mode()  # type: ignore[untyped-decorator]
@pytest.mark.slow
def test_a_runtime_that_says_something_else_is_never_asked_again(
    unet: UNet2DConditionModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the two differ, torch makes the pictures."""
    quick = OnnxUNet(unet)
    monkeypatch.setattr(quick, "_other", lambda sample, *_: sample)
    assert torch.equal(quick(*given()).sample, unet(*given()).sample)
    monkeypatch.delattr(quick, "_other")
    quick._session = None  # whoever asked it now would fail
    assert torch.equal(quick(*given()).sample, unet(*given()).sample)


@pytest.mark.slow
def test_pictures_are_the_same_on_either_runtime() -> None:
    """A picture made by the faster runtime differs by less than an eye or a re-made picture would show."""
    model = replace(Catalogue.load().get(EMBEDDED), enlarge=1)
    request = Request(
        task=Task.TXT2IMG, model=model.id, prompt="a cat", seed=1, width=128, height=128, num_inference_steps=10,
        scheduler="DPM++ 2M", guidance_scale=4.0,
    )  # fmt: skip
    made = []
    for quick in (False, True):
        engine, events = Engine({model.id: model}, "cpu", 1, 4.0, onnx=quick), list[Event]()
        engine.run([Picture(id="1", user_id=1, request=request)], events.append)
        made += [pixels(event) for event in events if isinstance(event, Finished)]
        assert isinstance(engine._models.get(model).pipeline.unet.forward._function.original, OnnxUNet) is quick
    assert psnr(*made) >= 60


@pytest.mark.slow
def test_a_picture_with_an_adapter_is_made_by_torch() -> None:
    """The graph has no adapters, so that one that is worn sends everything back to torch."""
    from peft import LoraConfig, inject_adapter_in_model

    model = UNet2DConditionModel.from_pretrained(
        Catalogue.load().get(EMBEDDED).source, subfolder="unet", torch_dtype=torch.float32
    )
    quick = OnnxUNet(model)
    inject_adapter_in_model(LoraConfig(r=2, target_modules=["to_q"], init_lora_weights=False), model)
    model._hf_peft_config_loaded = True
    with torch.inference_mode():
        worn = quick(*given()).sample
        assert not quick._took
        model.disable_adapters()
        plain = quick(*given()).sample
        assert quick._took
    assert not torch.allclose(worn, plain)
