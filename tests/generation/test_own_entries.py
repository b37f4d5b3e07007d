"""Entries that name files on this machine: what the files are is looked at before the entry is accepted."""

from pathlib import Path

import pytest

from generation import RequestError, Task
from generation.catalogue_files import read_file, read_models
from generation.model_file import Kind
from tests.generation.test_model_file import ADAPTERS, BUILDS, NO_MODELS, header_only
from tests.tiny import write
from tests.tiny.single_file import single_file


def entry(path: Path, family: str = "stable_diffusion", **more: object) -> list[dict[str, object]]:
    return [{"id": "mine", "family": family, "source": str(path), **more}]


@pytest.mark.parametrize("kind", [kind for kind in NO_MODELS if kind.name != "ABSENT"], ids=str)
def test_a_file_that_is_no_model_is_refused_with_what_it_is(tmp_path: Path, kind: Kind) -> None:
    """The sentence names entry, key and file, what the file is and what to do."""
    path = tmp_path / "x.safetensors"
    NO_MODELS[kind](path)
    with pytest.raises(RequestError) as caught:
        read_models(entry(path), "config.toml", tmp_path)
    said = str(caught.value)
    assert said.startswith("config.toml: mine: source: ")
    assert str(kind) in said


def test_a_denoiser_alone_needs_a_base(tmp_path: Path) -> None:
    """The usual FLUX.1 file is accepted with a base, and refused without one."""
    path = header_only(tmp_path / "flux1-dev.safetensors", BUILDS["FLUX.1 dev"][0])
    with pytest.raises(RequestError, match="base: is missing"):
        read_models(entry(path, "flux"), "config.toml", tmp_path)
    (spec,) = read_models(entry(path, "flux", base="maker/flux"), "config.toml", tmp_path)
    assert spec.base == "maker/flux"
    (spec,) = read_models(entry(path, "flux_kontext", base="maker/flux"), "config.toml", tmp_path)
    assert spec.tasks == {Task.EDIT, Task.INPAINT}


def test_a_file_of_another_family_is_refused_with_the_right_one(tmp_path: Path) -> None:
    """An SDXL checkpoint under Stable Diffusion's family names stable_diffusion_xl."""
    path = header_only(tmp_path / "xl.safetensors", BUILDS["SDXL"][0])
    with pytest.raises(RequestError, match='write family = "stable_diffusion_xl"'):
        read_models(entry(path), "config.toml", tmp_path)


def test_an_adapter_is_no_model_and_a_model_no_adapter(tmp_path: Path) -> None:
    """Each is refused where the other belongs, and so is a LoRA of another family."""
    lora = header_only(tmp_path / "lora.safetensors", ADAPTERS["kohya XL"][0])
    with pytest.raises(RequestError, match=r"write it as \[\[loras\]\]"):
        read_models(entry(lora, "stable_diffusion_xl"), "config.toml", tmp_path)
    whole = header_only(tmp_path / "xl.safetensors", BUILDS["SDXL"][0])
    file = tmp_path / "more.toml"
    for name, family, words in (("xl", "stable_diffusion_xl", "it is no LoRA"), ("lora", "flux", "family")):
        file.write_text(f'[[loras]]\nid = "a"\ntitle = "A"\nfamily = "{family}"\nsource = "{name}.safetensors"\n')
        with pytest.raises(RequestError, match=words):
            read_file(file)
    assert whole.exists()


def test_only_tasks_that_the_weights_can_do_are_offered(tmp_path: Path) -> None:
    """Nine channels paint masked parts and nothing else; an entry that says otherwise is refused, naming the tasks."""
    path = header_only(tmp_path / "nine.safetensors", BUILDS["inpainting"][0])
    (spec,) = read_models(entry(path), "config.toml", tmp_path)
    assert spec.tasks == {Task.INPAINT}
    with pytest.raises(RequestError, match='can do "inpaint" only'):
        read_models(entry(path, tasks=["txt2img"]), "config.toml", tmp_path)
    (spec,) = read_models(entry(write("flux_fill", tmp_path), "flux"), "config.toml", tmp_path)
    assert spec.tasks == {Task.INPAINT}
    (spec,) = read_models(entry(write("stable_diffusion", tmp_path)), "config.toml", tmp_path)
    assert spec.tasks == {Task.TXT2IMG, Task.IMG2IMG, Task.INPAINT}


def test_a_whole_checkpoint_needs_no_base(tmp_path: Path) -> None:
    """The tiny Stable Diffusion in one file is accepted as it is."""
    path = single_file(write("stable_diffusion", tmp_path), tmp_path / "whole.safetensors")
    assert read_models(entry(path), "config.toml", tmp_path)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"limits": {"min_side": 1024, "max_side": 512}}, "limits.min_side"),
        ({"limits": {"multiple": 0}}, "limits.multiple"),
        ({"limits": {"max_side": 256}}, "defaults.width"),
        ({"defaults": {"width": 500}}, "defaults.width"),
        ({"limits": {"max_steps": 10}}, "defaults.num_inference_steps"),
        ({"limits": {"max_guidance": 1.0}}, "defaults.guidance_scale"),
        ({"enlarge": 3}, "enlarge"),
        ({"limits": {"max_images": 0}}, "limits.max_images"),
    ],
)
def test_limits_that_contradict_each_other_are_refused_as_they_are_read(
    tmp_path: Path, more: dict[str, object], key: str
) -> None:
    """The sentence names the key that is wrong."""
    with pytest.raises(RequestError, match=f"mine: {key}"):
        read_models([{"id": "mine", "family": "stable_diffusion", "source": "a/b", **more}], "config.toml", tmp_path)


def test_a_precision_in_which_an_entry_s_model_overflows_is_refused(tmp_path: Path) -> None:
    """The sentence names the key and the precisions that models of the family run in."""
    said = r"loading\.precision: must be bf16 or fp32, not fp16"
    with pytest.raises(RequestError, match=said):
        read_models(entry(Path("a/b"), "qwen_image_edit", loading={"precision": "fp16"}), "config.toml", tmp_path)
    (spec,) = read_models(entry(Path("a/b"), "chroma", loading={"precision": "fp16"}), "config.toml", tmp_path)
    assert spec.loading.precision == "fp16"


@pytest.mark.parametrize(
    ("family", "fits"), [("flux", True), ("chroma", True), ("longcat_image", True), ("sana", False)]
)
def test_a_lora_with_flux_s_names_fits_each_family_that_has_them(tmp_path: Path, family: str, fits: bool) -> None:
    """The file does not say for which of them it was made, so the entry does."""
    header_only(tmp_path / "a.safetensors", ADAPTERS["diffusers"][0])
    file = tmp_path / "more.toml"
    file.write_text(f'[[loras]]\nid = "a"\ntitle = "A"\nfamily = "{family}"\nsource = "a.safetensors"\n')
    if fits:
        assert read_file(file)[1][0].family == family
    else:
        with pytest.raises(RequestError, match=r"family: a\.safetensors is a LoRA"):
            read_file(file)
