"""LoRA files as people have them: what is refused leaves nothing behind, and what is not used is said."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from generation import Failed, LoraSpec, ModelSpec, Noted, downloads
from generation.engine.adapters import adapted
from generation.engine.engine import Engine
from generation.types import Loading, Offload
from tests.hub import Hub, local_hub
from tests.tiny import spec
from tests.tiny.loras import Tensors, kohya, pipeline_of, written

from .test_loaded_models import engine_of, events_of, make, request


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> ModelSpec:
    torch.manual_seed(0)
    return spec("stable_diffusion", tmp_path_factory.mktemp("loras"))


@pytest.fixture(scope="module")
def unet(base: ModelSpec) -> Tensors:
    return kohya(pipeline_of(base).unet, "lora_unet", lambda name: ".attn" in name)


def refused(engine: Engine, model: ModelSpec, lora: LoraSpec) -> str:
    failed = events_of(engine, request(model, loras=((lora.id, 1.0),)))[-1]
    assert isinstance(failed, Failed), failed
    return failed.template.format(**failed.params)


def _other_text_encoder(base: ModelSpec) -> Tensors:
    text = kohya(pipeline_of(base).text_encoder, "lora_te_text_model", lambda name: "fc" in name)
    return {key: torch.randn(77, 4) if "fc2.lora_up" in key else tensor for key, tensor in text.items()}


@pytest.mark.parametrize("kind", ["half fits", "not finite", "another width", "no lora"])
@pytest.mark.parametrize("offload", [None, pytest.param(Offload.MODEL, marks=pytest.mark.slow)])
def test_a_refused_lora_leaves_the_model_as_it_was(
    base: ModelSpec, unet: Tensors, tmp_path: Path, kind: str, offload: Offload | None
) -> None:
    """The first LoRA that a model gets, and one after a good one: plain pictures stay exactly the same."""
    tensors = {
        "half fits": {**unet, **_other_text_encoder(base)},
        "not finite": {key: tensor * float("nan") if "up" in key else tensor for key, tensor in unet.items()},
        "another width": {key: torch.randn(4, 99) if "attn2_to_k.lora_down" in key else t for key, t in unet.items()},
        "no lora": {"conv_in.weight": torch.zeros(3, 3)},
    }[kind]
    bad, good = written("bad", tensors, base.family, tmp_path), written("good", unet, base.family, tmp_path)
    model = replace(base, loras=(bad, good), loading=Loading(offload=offload))
    engine = engine_of(model)
    plain = make(engine, request(model))
    said = refused(engine, model, bad)
    assert said == f"The LoRA bad cannot be put onto {model.title}; leave it out."
    assert np.abs(make(engine, request(model)) - plain).max() == 0
    worn = make(engine, request(model, loras=(("good", 1.0),)))
    assert np.abs(worn - plain).max() > 3
    assert refused(engine, model, bad) == said
    assert np.abs(make(engine, request(model)) - plain).max() == 0
    assert np.abs(make(engine, request(model, loras=(("good", 1.0),))) - worn).max() <= 1


def test_what_of_a_lora_is_not_used_is_said_once(base: ModelSpec, unet: Tensors, tmp_path: Path) -> None:
    """A layer that the model does not have is named as a share; a file that fits whole is not mentioned."""
    more = {"lora_unet_time_embedding_linear_9.lora_down.weight": torch.randn(4, 64),
            "lora_unet_time_embedding_linear_9.lora_up.weight": torch.randn(64, 4),
            "lora_unet_time_embedding_linear_9.alpha": torch.tensor(2.0)}  # fmt: skip
    for name, tensors in (("whole", unet), ("more", {**unet, **more})):
        model = replace(base, loras=(written(name, tensors, base.family, tmp_path),))
        engine = engine_of(model)
        notes = [
            [event for event in events_of(engine, request(model, loras=((name, 1.0),))) if isinstance(event, Noted)]
            for _ in range(2)
        ]
        assert [len(each) for each in notes] == ([1, 0] if name == "more" else [0, 0])


@pytest.mark.slow
def test_the_same_weights_work_under_each_trainer_s_names(base: ModelSpec, unet: Tensors, tmp_path: Path) -> None:
    """PEFT with its own prefix, its adapter's name or neither, ComfyUI and LyCORIS: as kohya's own, alpha included."""
    dots = {name.replace(".", "_"): name for name, _ in pipeline_of(base).unet.named_modules()}

    def called(layer: str, halves: tuple[str, str] = ("lora_A", "lora_B")) -> Tensors:
        found = {}
        for key, tensor in unet.items():
            name, _, rest = key.removeprefix("lora_unet_").partition(".")
            rest = rest.replace("lora_down", halves[0]).replace("lora_up", halves[1])
            found[f"{layer.format(dots=dots[name], name=name)}.{rest}"] = tensor
        return found

    styles = {
        "kohya": unet,
        "bare": called("{dots}"),
        "peft": called("base_model.model.{dots}"),
        "named": called("base_model.model.{dots}", ("lora_A.default", "lora_B.default")),
        "alpha": called("unet.{dots}"),
        "comfy": called("diffusion_model.{dots}"),
        "lycoris": called("lycoris_{name}", ("lora_down", "lora_up")),
    }
    model = replace(base, loras=tuple(written(name, made, base.family, tmp_path) for name, made in styles.items()))
    engine = engine_of(model)
    plain = make(engine, request(model))
    pictures = {name: make(engine, request(model, loras=((name, 1.0),))) for name in styles}
    assert np.abs(pictures["kohya"] - plain).max() > 1
    for name, picture in pictures.items():
        assert np.abs(picture - pictures["kohya"]).max() <= 1, name
    assert np.array_equal(make(engine, request(model)), plain)


@pytest.mark.slow
def test_flux_s_own_names_work_in_pairs_of_peft(tmp_path: Path) -> None:
    """As ComfyUI and ai-toolkit write them: joined queries, keys and values come out as under kohya's names."""
    torch.manual_seed(0)
    layer = "lora_unet_double_blocks_0_img_attn_qkv"
    flux = {f"{layer}.lora_down.weight": torch.randn(4, 32), f"{layer}.lora_up.weight": torch.randn(96, 4),
            f"{layer}.alpha": torch.tensor(4.0)}  # fmt: skip
    comfy = {key.replace(layer, "diffusion_model.double_blocks.0.img_attn.qkv").replace("lora_down", "lora_A")
             .replace("lora_up", "lora_B"): tensor for key, tensor in flux.items() if "alpha" not in key}  # fmt: skip
    loras = tuple(written(name, made, "flux", tmp_path) for name, made in (("kohya", flux), ("comfy", comfy)))
    model = replace(spec("flux", tmp_path), loras=loras)
    engine = engine_of(model)
    one, other = (make(engine, request(model, loras=((lora.id, 1.0),))) for lora in loras)
    assert np.abs(one - other).max() <= 1
    assert np.abs(one - make(engine, request(model))).max() > 1


def test_parts_of_flux_that_are_dropped_are_said(tmp_path: Path) -> None:
    """Diffusers drops a final layer without its adaLN layer, without a word."""
    model = spec("flux", tmp_path)
    up, down = torch.randn(96, 4), torch.randn(4, 32)
    layers = {"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": down,
              "lora_unet_double_blocks_0_img_attn_qkv.lora_up.weight": up,
              "lora_unet_double_blocks_0_img_attn_qkv.alpha": torch.tensor(2.0)}  # fmt: skip
    final = {
        key.replace("double_blocks_0_img_attn_qkv", "final_layer_linear"): tensor for key, tensor in layers.items()
    }
    final["lora_unet_final_layer_linear.lora_up.weight"] = torch.randn(64, 4)
    chosen = replace(model, loras=(written("final", {**layers, **final}, "flux", tmp_path),))
    loaded = engine_of(chosen)._models.get(chosen)
    with adapted(loaded, (("final", 1.0),)) as notes:
        assert [note.params["share"] for note in notes] == [40]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    with local_hub() as hub:
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.address)
        form = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", form)
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
        yield hub


def test_download_and_engine_choose_the_same_file_and_need_no_hub_afterwards(
    hub: Hub, base: ModelSpec, unet: Tensors, tmp_path: Path
) -> None:
    """Of two files the usual name is taken by both; with that fetched ahead nothing is asked for while loading."""
    data = Path(written("a", unet, base.family, tmp_path).source).read_bytes()
    hub.put("maker/two", {"a_epoch1.safetensors": data, "pytorch_lora_weights.safetensors": data})
    lora = LoraSpec(id="two", title="Two", family=base.family, source="maker/two")
    pin = downloads.look_up(lora)
    assert [file.name for file in pin.files] == ["pytorch_lora_weights.safetensors"]
    downloads.fetch(pin)
    model = replace(base, loras=(replace(lora, revision=pin.revision),))
    hub.calls.clear()
    make(engine_of(model), request(model, loras=(("two", 1.0),)))
    assert hub.calls == []


@pytest.mark.usefixtures("hub")
def test_a_lora_that_cannot_be_fetched_is_said_and_holds_nobody_up(base: ModelSpec) -> None:
    """It is fetched beside the engine's thread; its picture ends with a sentence."""
    lora = LoraSpec(id="none", title="None", family=base.family, source="maker/none")
    model = replace(base, loras=(lora,))
    assert refused(engine_of(model), model, lora) == "The LoRA None cannot be loaded right now; leave it out."
