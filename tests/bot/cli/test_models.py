"""``python -m bot models``, against a hub on this machine."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.config import load
from bot.requests.offered_models import offered, pin_new, pins_file, workers_folder
from generation import (
    Catalogue,
    Event,
    Failed,
    Finished,
    HubError,
    Job,
    ModelError,
    ModelSpec,
    Pin,
    Request,
    Service,
    Task,
    read_pins,
)
from generation.batch_profile import SAMPLES, BatchKey, Profile
from tests.bot.command_line import criar, criar_here
from tests.generation.test_model_file import header_only
from tests.hub import Hub, local_hub
from tests.tiny import CHECKPOINTS

REPOSITORY = {
    "model_index.json": (
        b'{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"], '
        b'"tokenizer": ["transformers", "CLIPTokenizer"], "safety_checker": [null, null]}'
    ),
    "unet/config.json": b"{}",
    "unet/diffusion_pytorch_model.safetensors": b"w" * 4000,
    "unet/diffusion_pytorch_model.fp16.safetensors": b"h" * 2000,
    "unet/diffusion_pytorch_model.bin": b"pickle",
    "unet/helper.py": b"import os",
    "tokenizer/vocab.json": b"{}",
    "spare/model.safetensors": b"t" * 100,  # beside the pipeline, as some makers put whole checkpoints
    "safety_checker/model.safetensors": b"s" * 100,
    "whole.safetensors": b"x" * 5000,
}
KEPT = {"model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "tokenizer/vocab.json"}


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with local_hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.address)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
        yield hub


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    own = '{ id = "mine", family = "stable_diffusion", source = "someone/model" }'
    path.write_text(f'[storage]\nfolder = "{tmp_path / "data"}"\n[generation]\nown = [{own}]\n')
    return path


def cached(name: str) -> list[Path]:
    return [path for path in (Path(os.environ["HF_HOME"]) / "hub").rglob(name) if "snapshots" in path.parts]


@pytest.mark.slow
async def test_a_model_is_fetched_pinned_verified_and_removed(hub: Hub, config: Path) -> None:
    """Safetensors and configurations alone are fetched; the commit is kept to; damage and absence are found."""
    commit = hub.put("someone/model", REPOSITORY)
    code, said = await criar("models", "download", "mine", "--config", str(config))
    assert code == 0, said
    pins = json.loads((config.parent / "data" / "models.json").read_text())
    assert pins["mine"]["revision"] == commit
    assert {file["name"] for file in pins["mine"]["files"]} == KEPT
    assert not cached("*.bin")
    assert not cached("*.py")
    hub.put("someone/model", REPOSITORY | {"unet/config.json": b'{"new": 1}'})
    code, said = await criar("models", "show", "mine", "--json", "--config", str(config))
    facts = json.loads(said)
    assert (facts["here"], facts["revision"]) == (True, commit)
    (weights,) = cached("diffusion_pytorch_model.safetensors")
    weights.resolve().write_bytes(b"v" * 4000)
    code, said = await criar("models", "verify", "mine", "--config", str(config))
    assert code == 1
    assert "unet/diffusion_pytorch_model.safetensors has another content" in said
    assert (await criar("models", "remove", "mine", "--config", str(config)))[0] == 0
    assert not cached("diffusion_pytorch_model.safetensors")
    assert "was never fetched" in (await criar("models", "verify", "mine", "--config", str(config)))[1]


@pytest.mark.slow
async def test_a_denoiser_alone_is_fetched_with_the_rest_of_its_base(hub: Hub, config: Path, tmp_path: Path) -> None:
    """Finding 20: what the file lacks comes with the download, and not at first use; the base's denoiser does not."""
    shapes = {"single_stream_modulation.lin.weight": (9, 9), "guidance_in.in_layer.weight": (9, 9)}
    hub.put("someone/denoiser", {"a.safetensors": header_only(tmp_path / "a.safetensors", shapes).read_bytes()})
    parts = ("transformer", "text_encoder", "vae")
    index = {"_class_name": "Flux2Pipeline"} | {part: ["diffusers", "X"] for part in parts}
    files = {f"{part}/diffusion_pytorch_model.safetensors": part.encode() for part in parts}
    hub.put("someone/base", {"model_index.json": json.dumps(index).encode(), **files})
    config.write_text(
        config.read_text().replace(
            'family = "stable_diffusion", source = "someone/model"',
            'family = "flux2", source = "someone/denoiser", file = "a.safetensors", base = "someone/base"',
        )
    )
    code, said = await criar("models", "download", "mine", "--config", str(config))
    assert code == 0, said
    assert "the rest comes from someone/base" in said
    assert {path.parent.name for path in cached("diffusion_pytorch_model.safetensors")} == {"text_encoder", "vae"}


@pytest.mark.slow
async def test_what_cannot_be_fetched_is_said_in_one_line(hub: Hub, config: Path) -> None:
    """A repository that is absent, closed, or without safetensors, and an unknown id, end with 1 and what to do."""
    hub.put("lllyasviel/none", {})
    hub.put("timbrooks/instruct-pix2pix", {"model_index.json": b"{}", "unet/model.bin": b"pickle"})
    hub.put("stabilityai/sd-turbo", REPOSITORY)
    hub.gated.add("stabilityai/sd-turbo")
    for name, words in (
        ("mine", "someone/model is not on the hub"),
        ("sd-turbo", "stabilityai/sd-turbo wants its terms accepted"),
        ("instruct-pix2pix", "has no weights as .safetensors"),
        ("flux-kontxt", "did you mean flux-kontext"),
    ):
        code, said = await criar("models", "download", name, "--config", str(config))
        assert (code, words in said, "Traceback" in said) == (1, True, False), said


@pytest.mark.slow
async def test_what_was_fetched_ahead_is_all_that_loading_needs(
    hub: Hub, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A checkpoint fetched by the command line draws in the worker with the hub gone; the old filter is not fetched."""
    folder = tmp_path / "checkpoint"
    CHECKPOINTS["stable_diffusion"][1]().save_pretrained(folder)
    index = folder / "model_index.json"
    checker = {"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]}
    index.write_text(json.dumps(json.loads(index.read_text()) | checker))
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    hub.put("someone/model", files | {"safety_checker/model.safetensors": b"not to be loaded"})
    code, said = await criar("models", "download", "mine", "--config", str(config))
    assert code == 0, said
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    service = Service(offered(load(config)).offered(["mine"]))
    await service.start()
    request = Request(
        task=Task.TXT2IMG, model="mine", prompt="a cat", width=64, height=64, num_inference_steps=2,
        guidance_scale=2.0, scheduler="DDIM",
    )  # fmt: skip
    try:
        service.submit(Job(id="job", user_id=1, request=request).pictures())
        last = [event async for event in until_the_end(service)][-1]
    finally:
        await service.close()
    assert isinstance(last, Finished), last


async def until_the_end(service: Service) -> AsyncIterator[Event]:
    async for event in service.events():
        yield event
        if isinstance(event, Finished | Failed):
            return


async def test_without_a_hub_the_sentence_names_it(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unreachable is told apart from absent."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    code, said = await criar("models", "pin", "mine", "--config", str(config))
    assert code == 1
    assert "The hub http://127.0.0.1:9 cannot be reached for someone/model" in said


async def test_the_list_shows_what_is_offered(config: Path) -> None:
    """All models are listed, those that members may use are marked, the operator's own among them."""
    code, said = await criar_here("models", "list", "--json", "--config", str(config))
    assert code == 0
    models = {row["id"]: row for row in json.loads(said)["models"]}
    assert len(models) > 100
    assert {name for name, row in models.items() if row["offered"]} == {
        "criar-embedded",
        "realesr-animevideov3",
        "mine",
    }
    assert "licence" in models["mine"]
    _, said = await criar_here("models", "list", "flux-k*", "--config", str(config))
    assert "flux-krea" in said
    assert "sdxl" not in said.partition("LoRAs")[0]


async def test_what_nobody_confirmed_is_unknown(config: Path) -> None:
    """A licence and a size on disk that the catalogue has no source for, in the list and of one model."""
    _, said = await criar_here("models", "list", "sd15-deliberate-5", "--config", str(config))
    assert said.partition("\n")[2].count("unknown") == 2
    _, said = await criar_here("models", "show", "sd15-deliberate-5", "--config", str(config))
    assert [line.split() for line in said.splitlines() if "unknown" in line] == [
        ["licence", "unknown"],
        ["weights", "unknown"],
    ]


async def test_check_says_which_models_are_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that needs more memory than the machine has fails the check; one that is not here yet is told of."""
    config = tmp_path / "config.toml"
    config.write_text(f'[storage]\nfolder = "{tmp_path / "data"}"\n[generation]\nmodels = ["sd15", "flux2-dev"]\n')
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)  # without one, that it is gated is said first
    code, said = await criar_here("check", "--offline", "--config", str(config))
    assert code == 1
    lines = {line.split(": ")[0]: line for line in said.splitlines()}
    assert "it needs 216 GiB of memory on a CPU" in lines["FAIL  flux2-dev"]
    assert "is fetched from the hub at its first use, 2.1 GB" in lines["ok    sd15"]
    assert lines["ok    sd15"].endswith("it fits")


@pytest.mark.slow
async def test_check_asks_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a GPU what is larger than the card passes with a warning, since parts of it can wait in the host's memory."""
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\nprintf '0, RTX, 24564, 24000\\n1, H100, 81920, 80000\\n'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("HF_TOKEN", "hf_" + "x" * 34)
    config = tmp_path / "config.toml"
    config.write_text(
        f'[storage]\nfolder = "{tmp_path / "data"}"\n[generation]\ndevices = ["cuda:0"]\n'
        'models = ["sdxl", "flux-dev"]\n'
    )
    _, said = await criar_here("check", "--offline", "--config", str(config))
    lines = {line.split(": ")[0]: line for line in said.splitlines()}
    assert "it needs 34 GiB, of which the card has 24.0" in lines["ok    flux-dev"]
    assert lines["ok    sdxl"].endswith("it fits")


@pytest.mark.slow
async def test_what_is_offered_is_pinned_at_the_first_start(hub: Hub, config: Path) -> None:
    """The commit is recorded before anything is loaded, and kept when the repository moves on."""
    commit = hub.put("someone/model", REPOSITORY)
    start = (
        "from pathlib import Path; from bot.config import load;"
        "from bot.requests.offered_models import offered, pin_new;"
        f"config = load(Path({str(config)!r})); pin_new(config); print(offered(config).get('mine').revision)"
    )
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", start, stdout=asyncio.subprocess.PIPE)
        output, _ = await process.communicate()
        assert output.decode().strip() == commit
        hub.put("someone/model", REPOSITORY | {"README.md": b"moved on"})


def test_a_model_that_the_hub_does_not_have_leaves_the_others(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding 20: one typo is a line in the log, and what comes after it is pinned; a hub that is away ends it."""
    pin, asked = Pin(source="someone/model", revision="0" * 40, files=()), list[str]()
    config.write_text(
        config.read_text().replace("own = [", 'own = [{ id = "typo", family = "flux", source = "a/b" }, ')
    )
    errors: dict[str, ModelError] = {"typo": ModelError("It is not on the hub.")}

    def look_up(spec: ModelSpec) -> Pin:
        asked.append(spec.id)
        if spec.id in errors:
            raise errors[spec.id]
        return pin

    monkeypatch.setattr("bot.requests.offered_models.downloads.look_up", look_up)
    loaded = load(config)
    loaded.storage.folder.mkdir()
    pin_new(loaded)
    assert read_pins(pins_file(loaded)) == {"mine": pin}
    errors["typo"] = HubError("It cannot be reached.")
    pin_new(loaded)
    assert asked == ["typo", "mine", "typo"]


@pytest.mark.parametrize("words", [("models", "--profile"), ("models", "profile")])
@pytest.mark.slow
async def test_the_profile_shows_what_was_measured(words: tuple[str, ...], config: Path) -> None:
    """Before pictures were made it says so; afterwards each number of rows has its line, the used one a star."""
    code, said = await criar_here(*words, "--config", str(config))
    assert (code, said.split(";")[0]) == (0, "Nothing was measured yet")
    measured = Profile(workers_folder(load(config)), "cuda:0", "torch 2, diffusers 0")
    kind = BatchKey("mine", 512, 768, precision="bf16")
    for rows, seconds in ((1, 0.02), (2, 0.025), (4, 0.05)):
        for _ in range(SAMPLES):
            measured.took(kind, rows, seconds)
    code, said = await criar_here(*words, "--config", str(config))
    assert code == 0
    head, _, *table = said.splitlines()
    assert head == "mine at 512×768 on cuda:0, bf16 (torch 2, diffusers 0)"
    assert [line.split() for line in table[:3]] == [
        ["1", "20.0", "50.0"],
        ["*", "2", "25.0", "80.0"],
        ["4", "50.0", "80.0"],
    ]
    code, said = await criar_here(*words, "--json", "--config", str(config))
    (entry,) = json.loads(said)
    assert (entry["model"], entry["rows"], entry["seconds"]["4"]) == ("mine", 2, 0.05)


async def test_inspect_says_what_files_are(tmp_path: Path) -> None:
    """A real file is described, a web page is named with what to do, and the exit code tells them apart."""
    page, model = tmp_path / "page.safetensors", Catalogue.load().get("criar-embedded")
    page.write_text("<!DOCTYPE html><html>Sign in</html>")
    vae = Path(model.source) / "vae" / "diffusion_pytorch_model.safetensors"
    code, said = await criar_here("models", "inspect", str(vae))
    assert code == 0, said
    assert "an autoencoder" in said
    code, said = await criar_here("models", "inspect", "--json", str(vae), str(page))
    assert code == 1
    assert [each["kind"] for each in json.loads(said)] == ["autoencoder", "web page or message"]
