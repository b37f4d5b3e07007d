"""Single files as people have them: denoisers alone, parts that are absent, markers, and what is no model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from generation import Failed, ModelSpec, Task
from generation.model_file import Kind
from tests.tiny import checkpoints, spec
from tests.tiny.single_file import single_file

from .test_loaded_models import engine_of, events_of, make, request
from .test_model_file import NO_MODELS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("single")


@pytest.fixture(scope="module")
def base(folder: Path) -> ModelSpec:
    return spec("stable_diffusion", folder)


def one(base: ModelSpec, file: Path, **changed: object) -> ModelSpec:
    return replace(base, id="one", source=str(file), base=base.source, **changed)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stable_diffusion", "flux", "z_image"])
def test_a_denoiser_alone_makes_the_whole_model_s_picture(folder: Path, name: str) -> None:
    """In diffusers' names, the rest coming from the base."""
    whole = spec(name, folder)
    denoiser = "unet" if name == "stable_diffusion" else "transformer"
    file = Path(whole.source) / denoiser / "diffusion_pytorch_model.safetensors"
    weights = {key: tensor * 1.01 for key, tensor in load_file(file).items()}
    save_file(weights, folder / f"{name}-alone.safetensors")
    alone = one(whole, folder / f"{name}-alone.safetensors")
    changed = make(engine_of(alone), request(alone))
    assert np.abs(changed - make(engine_of(whole), request(whole))).max() > 0
    save_file(load_file(file), folder / f"{name}-alone.safetensors")
    assert np.abs(make(engine_of(alone), request(alone)) - make(engine_of(whole), request(whole))).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("prefix", ["model.diffusion_model.", ""])
def test_a_u_net_in_its_makers_names_is_loaded(base: ModelSpec, folder: Path, prefix: str) -> None:
    """With the prefix of whole checkpoints, and without; FLUX.1's sizes are fixed in the reader of diffusers."""
    whole = load_file(single_file(Path(base.source), folder / "whole.safetensors"))
    start = "model.diffusion_model."
    unet = {prefix + key.removeprefix(start): tensor for key, tensor in whole.items() if key.startswith(start)}
    save_file(unet, folder / "unet.safetensors")
    alone = one(base, folder / "unet.safetensors")
    assert np.abs(make(engine_of(alone), request(alone)) - make(engine_of(base), request(base))).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.float16], ids=str)
def test_weights_of_eight_or_sixteen_bits_are_loaded_as_what_they_are(
    base: ModelSpec, folder: Path, kind: torch.dtype
) -> None:
    """A whole checkpoint whose numbers are rounded makes the picture of those numbers in full precision."""
    whole = load_file(single_file(Path(base.source), folder / "whole.safetensors"))
    rounded = {key: tensor.to(kind) if tensor.is_floating_point() else tensor for key, tensor in whole.items()}
    save_file(rounded, folder / "rounded.safetensors")
    save_file({key: rounded[key].to(tensor.dtype) for key, tensor in whole.items()}, folder / "widened.safetensors")
    few, full = (one(base, folder / f"{name}.safetensors") for name in ("rounded", "widened"))
    picture = make(engine_of(few), request(few))
    assert picture.std() > 1
    assert np.abs(picture - make(engine_of(full), request(full))).max() <= 1


@pytest.mark.parametrize("part", ["first_stage_model.", "cond_stage_model."])
def test_a_part_that_a_checkpoint_lacks_comes_from_the_base(base: ModelSpec, folder: Path, part: str) -> None:
    """Without its autoencoder, or without its text encoder, it makes the same picture."""
    whole = load_file(single_file(Path(base.source), folder / "whole.safetensors"))
    save_file({key: tensor for key, tensor in whole.items() if not key.startswith(part)}, folder / "less.safetensors")
    less = one(base, folder / "less.safetensors")
    assert np.abs(make(engine_of(less), request(less)) - make(engine_of(base), request(base))).max() <= 1


def test_the_markers_of_v_prediction_set_the_scheduler(base: ModelSpec, folder: Path) -> None:
    """NoobAI's v-prediction files say so by two empty tensors."""
    whole = load_file(single_file(Path(base.source), folder / "whole.safetensors"))
    save_file({**whole, "v_pred": torch.tensor([]), "ztsnr": torch.tensor([])}, folder / "v.safetensors")
    marked = one(base, folder / "v.safetensors")
    config = engine_of(marked)._models.get(marked).pipeline.scheduler.config
    assert (config["prediction_type"], config["rescale_betas_zero_snr"]) == ("v_prediction", True)


@pytest.mark.parametrize("kind", list(NO_MODELS), ids=str)
def test_what_is_no_model_ends_with_the_model_s_sentence_and_a_reason_in_the_log(
    base: ModelSpec, folder: Path, kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    """A pointer, a page or a piece is neither a lack of memory nor a riddle."""
    file = folder / f"{kind.name}.safetensors"
    NO_MODELS[kind](file)
    wrong = one(base, file)
    failed = events_of(engine_of(wrong), request(wrong))[-1]
    assert isinstance(failed, Failed)
    assert "cannot be loaded right now" in failed.template
    assert kind is Kind.ABSENT or str(kind) in caplog.text
    assert file.name in failed.reason


def test_a_task_that_the_weights_cannot_do_is_refused_with_its_name(base: ModelSpec, folder: Path) -> None:
    """Nine channels, offered for words alone since the entry could not know: a sentence, and the key in the log."""
    import diffusers

    parts = checkpoints.stable_diffusion()
    nine = diffusers.StableDiffusionInpaintPipeline(
        vae=parts.vae, text_encoder=parts.text_encoder, tokenizer=parts.tokenizer, unet=checkpoints.unet(9),
        scheduler=parts.scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    nine.save_pretrained(folder / "nine")
    model = replace(base, id="nine", source=str(folder / "nine"))
    failed = events_of(engine_of(model), request(model))[-1]
    assert isinstance(failed, Failed)
    assert failed.template == "{model} was not made for {task}; choose another model."
    assert failed.params["task"] == Task.TXT2IMG


@pytest.mark.slow
def test_schedules_with_a_step_twice_are_run_to_their_end(base: ModelSpec, folder: Path) -> None:
    """DPM++ with Karras's steps and zero terminal SNR at the default 25 steps, as EasyFluff's users have it."""
    import json
    import shutil

    target = folder / "fluff"
    shutil.copytree(base.source, target)
    file = target / "scheduler" / "scheduler_config.json"
    more = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}
    file.write_text(json.dumps({**json.loads(file.read_text()), **more}))
    model = replace(base, id="fluff", source=str(target))
    for steps in (25, 30):
        made = make(engine_of(model), request(model, scheduler="DPM++ 2M Karras", num_inference_steps=steps))
        assert made.std() > 0
