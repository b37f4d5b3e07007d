"""Models in memory, how they are loaded, and LoRAs, with tiny checkpoints in this process."""

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from generation import Event, Failed, Finished, LoraSpec, ModelSpec, Picture, Request, Task
from generation.batch_profile import BatchKey
from generation.engine import loaded_models
from generation.engine import prompt_cache as prompts_module
from generation.engine.device import Device
from generation.engine.engine import Engine
from generation.engine.load_policy import choose_loading
from generation.engine.loaded_models import Models
from generation.engine.loading import load
from generation.engine.prompt_cache import Prompts
from generation.types import Loading, Offload, Precision
from tests.tiny import spec, write
from tests.tiny.single_file import single_file

NEED = 0.1  # GiB that a tiny model is said to need


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def base(folder: Path) -> ModelSpec:
    return spec("stable_diffusion", folder)


def other(base: ModelSpec, number: int) -> ModelSpec:
    """A model of the same build with another denoiser."""
    target = Path(base.source).with_name(f"other{number}")
    if not target.exists():
        shutil.copytree(base.source, target)
        file = target / "unet" / "diffusion_pytorch_model.safetensors"
        save_file({name: weights + number / 100 for name, weights in load_file(file).items()}, file)
    return replace(base, id=f"other{number}", source=str(target))


def request(model: ModelSpec, **fields: Any) -> Request:
    return Request(**{
        "task": Task.TXT2IMG, "model": model.id, "prompt": "a cat", "seed": 1, "width": 64, "height": 64,
        "num_inference_steps": 3, "guidance_scale": 4.0, "scheduler": model.defaults.scheduler, **fields,
    })  # fmt: skip


def events_of(engine: Engine, wanted: Request) -> list[Event]:
    events: list[Event] = []
    engine.run([Picture(id="0:0", user_id=1, request=wanted)], events.append, lambda _: False)
    return events


def make(engine: Engine, wanted: Request) -> np.ndarray:
    events = events_of(engine, wanted)
    assert isinstance(events[-1], Finished), events[-1]
    return np.asarray(Image.open(io.BytesIO(events[-1].png)).convert("RGB")).astype(int)


def engine_of(*models: ModelSpec, budget: float = 4.0) -> Engine:
    return Engine({model.id: model for model in models}, "cpu", 1, budget, onnx=False)


@pytest.mark.slow
def test_the_least_recently_used_model_goes_first(base: ModelSpec) -> None:
    """Within a budget of two, the third model takes the place of the one whose last use is longest ago."""
    second, third = other(base, 1), other(base, 2)
    models = Models(Device(), 2.5 * NEED, onnx=False)
    kept = models.get(base)
    models.get(second)
    assert models.get(base) is kept
    assert not models.fits(third, busy={base.id, second.id})
    assert models.fits(third, busy={base.id})
    models.get(third)
    assert models.resident() == {base.id, third.id}
    models.get(second, busy={base.id})
    assert models.resident() == {base.id, second.id}


@pytest.mark.slow
def test_a_model_waits_in_the_hosts_memory_before_it_is_dropped(
    base: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What leaves a device with memory of its own is kept by the host within its budget, and comes back as it is.

    The host stands for the device here: what is tested is who is where.
    """
    models = Models(Device(), 1.0, onnx=False)
    monkeypatch.setattr(models._device, "own_memory", True)
    monkeypatch.setattr(models, "_budget", 1.5 * NEED)
    monkeypatch.setattr(models._device, "free", lambda: 8 * 2**30)
    first = models.get(base)
    models.get(other(base, 1))
    assert models.resident() == {"other1"}
    assert models.in_memory() == {base.id, "other1"}
    assert models.get(base) is first
    assert models.resident() == {base.id}
    monkeypatch.setattr(models, "_host_budget", 0.0)
    models.get(other(base, 2))
    assert models.in_memory() == {"other2"}


@pytest.mark.slow
def test_what_two_models_have_in_common_is_loaded_once(base: ModelSpec) -> None:
    """Equal text encoders and autoencoders are one object, in the same precision; it goes with its last model."""
    models = Models(Device(), 4.0, onnx=False)
    first, second = models.get(base).pipeline, models.get(other(base, 1)).pipeline
    assert first.text_encoder is second.text_encoder
    assert first.vae is second.vae
    assert first.unet is not second.unet
    half = replace(other(base, 2), loading=Loading(precision=Precision.BF16))
    assert models.get(half).pipeline.vae is not first.vae
    alone = models._taken([models.get(base)])
    assert models._taken([models.get(base), models.get(other(base, 1))]) < 2 * alone


def test_prompts_are_encoded_once(base: ModelSpec) -> None:
    """Made again, or varied by its seed, a picture does not run the text encoder, and comes out exactly as before."""
    engine = engine_of(base)
    calls: list[int] = []
    encoder = engine._models.get(base).pipeline.text_encoder
    encoder.register_forward_hook(lambda *_: calls.append(1))
    first = make(engine, request(base))
    once = len(calls)
    assert once > 0
    assert (make(engine, request(base)) == first).all()
    make(engine, request(base, seed=9))
    assert len(calls) == once
    make(engine, request(base, prompt="a dog"))
    assert len(calls) > once


def test_kept_prompts_stay_within_their_budget_and_are_not_shared_to_be_changed() -> None:
    """The oldest go if the budget is full, and a caller that changes its tensors changes nobody else's."""
    calls: list[str] = []

    class Pipeline:
        def encode_prompt(self, prompt: str) -> tuple[torch.Tensor, None]:
            calls.append(prompt)
            return torch.zeros(256), None  # one KiB

    prompts = Prompts(budget=2048)
    for prompt in ("a", "b", "c", "a"):
        pipeline = Pipeline()
        prompts.watch(pipeline, "model")
        tensor, _ = pipeline.encode_prompt(prompt)
        tensor += 1
    assert calls == ["a", "b", "c", "a"]
    pipeline = Pipeline()
    prompts.watch(pipeline, "model")
    assert pipeline.encode_prompt("a")[0].max() == 0
    assert len(calls) == 4


def test_of_small_prompts_only_the_newest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """However small they are: a day's prompts do not fill the memory."""
    monkeypatch.setattr(prompts_module, "MOST", 2)
    prompts = Prompts()
    for number in range(5):
        prompts._keep(number, torch.zeros(1))
    assert list(prompts._kept) == [3, 4]


@pytest.mark.parametrize(("precision", "dtype"), [(Precision.BF16, torch.bfloat16), (Precision.FP32, torch.float32)])
def test_a_model_is_loaded_in_the_precision_that_is_set(
    base: ModelSpec, precision: Precision, dtype: torch.dtype
) -> None:
    """Its modules have that type of numbers, and keep it while they make a picture."""
    chosen = replace(base, loading=Loading(precision=precision))
    engine = engine_of(chosen)
    assert make(engine, request(chosen)).std() > 0
    pipeline = engine._models.get(chosen).pipeline
    assert {pipeline.unet.dtype, pipeline.vae.dtype, pipeline.text_encoder.dtype} == {dtype}


@pytest.mark.slow
@pytest.mark.parametrize("offload", [Offload.MODEL, Offload.GROUP])
def test_an_offloaded_model_makes_the_same_picture(base: ModelSpec, offload: Offload) -> None:
    """Modules that come to the device as they are called make what they make when they stay there; and say so."""
    chosen = replace(base, loading=Loading(offload=offload))
    engine = engine_of(chosen)
    made = make(engine, request(chosen))
    assert np.abs(made - make(engine_of(base), request(base))).max() <= 1
    assert engine._models.get(chosen).offloaded
    assert (make(engine, request(chosen)) == made).all()


def test_what_a_cancelled_picture_brought_to_the_device_goes_back(
    base: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An offloaded model leaves the device after each picture, also where that was left in its middle."""
    chosen = replace(base, loading=Loading(offload=Offload.MODEL))
    engine = engine_of(chosen)
    make(engine, request(chosen))
    pipeline = engine._models.get(chosen).pipeline
    back: list[object] = []
    monkeypatch.setattr(pipeline, "enable_model_cpu_offload", lambda **where: back.append(where["device"]))
    engine.submit(Picture(id="cancelled", user_id=1, request=request(chosen)), lambda _: None)
    engine.step()
    assert not back
    engine.cancel("cancelled")
    assert len(back) == 1


@pytest.mark.slow
def test_a_model_that_is_to_be_offloaded_begins_alone(base: ModelSpec) -> None:
    """Also its first picture, before it is loaded, waits until nothing else is made."""
    chosen = replace(other(base, 1), loading=Loading(offload=Offload.MODEL))
    engine, began = engine_of(base, chosen), list[str]()
    for model in (base, chosen):
        picture = Picture(id=model.id, user_id=1, request=request(model))
        engine.submit(picture, lambda event: began.append(f"{type(event).__name__} {event.picture_id}"))
    while engine.step():
        pass
    assert began.index(f"Finished {base.id}") < began.index(f"Started {chosen.id}")


def test_how_long_a_model_is_being_loaded_can_be_asked(base: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that another thread can say that the engine lives; before and after it is nothing."""
    engine, asked = engine_of(base), list[float]()

    def slow(*args: Any) -> Any:
        asked.append(engine.loading_for())
        return load(*args)

    monkeypatch.setattr(loaded_models, "load", slow)
    make(engine, request(base))
    assert len(asked) == 1
    assert asked[0] > 0
    assert engine.loading_for() == 0


def test_an_entry_can_name_another_autoencoder(base: ModelSpec) -> None:
    """Its pictures are decoded by that one, and models that share the checkpoint's own do not get it."""
    folder = Path(base.source).with_name("another-vae")
    shutil.copytree(Path(base.source) / "vae", folder, dirs_exist_ok=True)
    file = folder / "diffusion_pytorch_model.safetensors"
    weights = load_file(file)
    save_file({**weights, "decoder.conv_out.bias": weights["decoder.conv_out.bias"] + 1.0}, file)
    brighter = replace(base, id="brighter", vae=str(folder))
    engine = engine_of(base, brighter)
    plain = make(engine, request(base))
    assert make(engine, request(brighter)).mean() > plain.mean() + 20
    assert (make(engine, request(base)) == plain).all()


def test_decoding_in_tiles_is_set_for_the_model(base: ModelSpec) -> None:
    """With vae_tiling a picture is decoded in tiles, and is made all the same."""
    chosen = replace(base, loading=Loading(vae_tiling=True))
    engine = engine_of(chosen)
    assert make(engine, request(chosen, width=128, height=128)).shape == (128, 128, 3)
    assert engine._models.get(chosen).pipeline.vae.use_tiling


GIB = 2**30
SIZES = {"transformer": 12 * GIB, "text_encoder": 5 * GIB}  # parameters: FLUX.1's


@pytest.mark.parametrize(
    ("free", "asked", "offload", "tiling"),
    [
        (48, Loading(), Offload.NONE, False),
        (34, Loading(), Offload.MODEL, True),
        (24, Loading(), Offload.GROUP, True),
        (24, Loading(quantised=4), Offload.NONE, False),
        (48, Loading(offload=Offload.MODEL, vae_tiling=False), Offload.MODEL, False),
        (None, Loading(), Offload.NONE, False),
    ],
)
def test_what_is_left_open_is_chosen_by_the_free_memory(
    free: int | None, asked: Loading, offload: Offload, tiling: bool
) -> None:
    """Whole where it fits, a module at a time where the largest fits, else group by group; what is set stays."""
    chosen = choose_loading(asked, "cuda:0", Precision.BF16, SIZES, free and free * GIB)
    assert (chosen.precision, chosen.offload, chosen.vae_tiling) == (Precision.BF16, offload, tiling)
    assert choose_loading(asked, "cpu", Precision.BF16, SIZES, None).precision is Precision.FP32


def test_a_setting_that_this_machine_cannot_apply_fails_the_request_with_a_sentence(base: ModelSpec) -> None:
    """Without bitsandbytes a quantised model is refused: the request fails, and the engine goes on."""
    chosen = replace(base, id="quantised", loading=Loading(quantised=4))
    engine = engine_of(chosen, base)
    events: list[Event] = []
    engine.run([Picture(id="0:0", user_id=1, request=request(chosen))], events.append, lambda _: False)
    assert isinstance(events[-1], Failed)
    assert "choose another model" in events[-1].template
    make(engine, request(base))


def test_a_checkpoint_in_one_file_makes_what_its_folder_makes(base: ModelSpec, folder: Path) -> None:
    """A single .safetensors file with a folder for its configuration is the same model."""
    file = single_file(Path(base.source), folder / "single.safetensors")
    single = replace(base, id="single", source=str(file), base=base.source)
    assert np.abs(make(engine_of(single), request(single)) - make(engine_of(base), request(base))).max() <= 1


def test_a_quantised_denoiser_comes_from_a_gguf_file(folder: Path) -> None:
    """FLUX.1 with its transformer in eight bits makes nearly the picture of the whole one."""
    import gguf

    whole = spec("flux", folder)
    weights = load_file(Path(whole.source) / "transformer" / "diffusion_pytorch_model.safetensors")
    writer = gguf.GGUFWriter(folder / "flux-q8.gguf", "flux")
    for name, tensor in weights.items():
        values = tensor.float().numpy()
        if values.ndim == 2 and values.shape[1] % 32 == 0:
            packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, values)
    for write_part in (writer.write_header_to_file, writer.write_kv_data_to_file, writer.write_tensors_to_file):
        write_part()
    writer.close()
    packed_spec = replace(whole, id="q8", source=str(folder), file="flux-q8.gguf", base=whole.source)
    engine = engine_of(packed_spec)
    difference = make(engine, request(packed_spec)) - make(engine_of(whole), request(whole))
    assert type(engine._models.get(packed_spec).pipeline.transformer.x_embedder).__name__ == "GGUFLinear"
    assert 0 < np.abs(difference).mean() < 8


@pytest.fixture
def lora(base: ModelSpec, tmp_path: Path) -> Callable[[str], LoraSpec]:
    """Makes LoRAs with random weights for the tiny model."""

    def made(name: str) -> LoraSpec:
        import diffusers
        from peft import LoraConfig
        from peft.utils import get_peft_model_state_dict

        unet = diffusers.UNet2DConditionModel.from_pretrained(base.source, subfolder="unet")
        torch.manual_seed(sum(map(ord, name)))
        unet.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
        layers = {key: 3 * value for key, value in get_peft_model_state_dict(unet).items()}
        diffusers.StableDiffusionPipeline.save_lora_weights(
            tmp_path, unet_lora_layers=layers, weight_name=f"{name}.safetensors"
        )
        return LoraSpec(id=name, title=name, family=base.family, source=str(tmp_path), file=f"{name}.safetensors")

    return made


def test_loras_change_the_picture_while_they_are_asked_for(base: ModelSpec, lora: Callable[[str], LoraSpec]) -> None:
    """Each, its weight and two together change it; without them it is exactly as before, on the same loaded model."""
    model = replace(base, loras=(lora("ink"), lora("neon.v2")))
    engine = engine_of(model)
    plain = make(engine, request(model))
    denoiser = engine._models.get(model).pipeline.unet
    ink = make(engine, request(model, loras=(("ink", 1.0),)))
    half = make(engine, request(model, loras=(("ink", 0.5),)))
    both = make(engine, request(model, loras=(("ink", 1.0), ("neon.v2", 0.7))))
    for one, another in ((plain, ink), (ink, half), (ink, both)):
        assert np.abs(one - another).max() > 0
    assert (make(engine, request(model)) == plain).all()
    assert (make(engine, request(model, loras=(("ink", 1.0),))) == ink).all()
    assert engine._models.get(model).pipeline.unet is denoiser


@pytest.mark.slow
@pytest.mark.parametrize("offload", [Offload.MODEL, Offload.GROUP])
def test_a_lora_on_an_offloaded_model_leaves_its_steps_to_the_engine(
    base: ModelSpec, lora: Callable[[str], LoraSpec], offload: Offload
) -> None:
    """Putting it on takes hooks off the modules and puts them back; each step is one of the engine's all the same."""
    model = replace(base, loras=(lora("ink"),), loading=Loading(offload=offload))
    engine, passes = engine_of(model), list[int]()
    took = engine._profile.took

    def counted(kind: BatchKey, rows: int, seconds: float) -> None:
        passes.append(rows)
        took(kind, rows, seconds)

    engine._profile.took = counted  # type: ignore[method-assign]
    for _ in range(2):
        passes.clear()
        make(engine, request(model, num_inference_steps=7, loras=(("ink", 1.0),)))
        assert len(passes) == 7


def test_a_picture_without_loras_waits_for_one_with_them_that_has_only_begun(
    base: ModelSpec, lora: Callable[[str], LoraSpec], tmp_path: Path
) -> None:
    """While the input of the one with LoRAs is still enlarged, none without begins, and it comes out as alone."""
    model = replace(base, loras=(lora("ink"),))
    engine = engine_of(model)
    plain = make(engine, request(model))
    Image.radial_gradient("L").resize((64, 64)).convert("RGB").save(tmp_path / "input.png")
    inked = {"task": Task.IMG2IMG, "strength": 0.9, "images": (tmp_path / "input.png",), "enlarge_first": True}
    events: list[Event] = []
    for name, wanted in (("ink", request(model, loras=(("ink", 1.0),), **inked)), ("plain", request(model))):
        engine.submit(Picture(id=name, user_id=1, request=wanted), events.append)
    while engine.step():
        pass
    ended = {event.picture_id: event for event in events if isinstance(event, Finished)}
    assert (np.asarray(Image.open(io.BytesIO(ended["plain"].png)).convert("RGB")).astype(int) == plain).all()
    assert len(ended) == 2


def test_a_lora_that_does_not_fit_fails_with_a_sentence(base: ModelSpec, tmp_path: Path) -> None:
    """A file of another build is refused, and the model stays as it was."""
    save_file({"something.lora_A.weight": torch.zeros(2, 2)}, tmp_path / "odd.safetensors")
    odd = LoraSpec(id="odd", title="Odd", family=base.family, source=str(tmp_path / "odd.safetensors"))
    model = replace(base, loras=(odd,))
    engine = engine_of(model)
    plain = make(engine, request(model))
    events: list[Event] = []
    wanted = request(model, loras=(("odd", 1.0),))
    engine.run([Picture(id="0:0", user_id=1, request=wanted)], events.append, lambda _: False)
    assert isinstance(events[-1], Failed)
    assert "leave it out" in events[-1].template
    assert (make(engine, request(model)) == plain).all()


def test_pickled_weights_are_not_read(folder: Path) -> None:
    """A checkpoint without safetensors is refused, whatever else it has."""
    target = folder / "pickled"
    shutil.copytree(write("stable_diffusion", folder), target)
    file = target / "unet" / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(file), file.with_suffix(".bin"))
    file.unlink()
    model = replace(spec("stable_diffusion", folder), id="pickled", source=str(target))
    events: list[Event] = []
    engine_of(model).run([Picture(id="0:0", user_id=1, request=request(model))], events.append, lambda _: False)
    assert isinstance(events[-1], Failed)
