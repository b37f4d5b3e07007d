"""Which files of a repository are fetched."""

from pathlib import Path

import pytest

from generation import ModelError, Pin
from generation.downloads import fetch
from generation.pins import PinnedFile
from generation.repository_files import needed

SHARDS = [
    "text_encoder/model-00001-of-00002.safetensors",
    "text_encoder/model-00002-of-00002.safetensors",
    "text_encoder/model.safetensors.index.json",
    "text_encoder/model.fp16-00001-of-00002.safetensors",
    "text_encoder/model.fp16-00002-of-00002.safetensors",
    "text_encoder/model.safetensors.index.fp16.json",
]
PIPELINE = ["model_index.json", "README.md", "whole.safetensors", "vae/config.json", "vae/vae.safetensors", *SHARDS]


@pytest.mark.parametrize(
    ("names", "file", "variant", "wanted"),
    [
        (PIPELINE, None, None, ["model_index.json", *sorted(SHARDS[:3]), "vae/config.json", "vae/vae.safetensors"]),
        (PIPELINE, None, "fp16", ["model_index.json", *sorted(SHARDS[3:]), "vae/config.json", "vae/vae.safetensors"]),
        (PIPELINE, "whole.safetensors", None, ["whole.safetensors"]),
        (["pytorch_lora_weights.safetensors", "README.md"], None, None, ["pytorch_lora_weights.safetensors"]),
        (["model_index.json", "unet/model.bin", "unet/run.py"], None, None, ["model_index.json"]),
        (["a.ckpt"], "a.ckpt.safetensors", None, []),
    ],
)
def test_only_what_is_loaded_is_fetched(
    names: list[str], file: str | None, variant: str | None, wanted: list[str]
) -> None:
    """The variant where a folder has it, else the plain weights; never pickles, code or the whole model besides."""
    assert needed(names, file, variant) == wanted


def test_the_free_disk_is_looked_at_before_a_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding 5: what does not fit is refused before the first byte, with both sizes, the folder and the variable."""
    monkeypatch.setattr("generation.downloads.folder", lambda: tmp_path)
    pin = Pin(
        source="someone/model", revision="0" * 40,
        files=(PinnedFile(name="a.safetensors", size=10**18, sha256=None),),
    )  # fmt: skip
    with pytest.raises(ModelError, match=r"needs 1000000000\.0 GB, and .* GB free; free some, or set HF_HOME"):
        fetch(pin)
