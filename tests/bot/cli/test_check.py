"""criar check finds what would only fail when a member asks, and says the remedy."""

import json
import struct
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.cli.check.devices import look_at_devices
from bot.cli.check.discord_token import _try
from bot.cli.check.finding import Verdict
from bot.cli.check.models import look_at_models
from bot.cli.check.provenance import look_at_provenance
from bot.cli.check.storage import look_at_storage
from bot.config import Config, load
from sandbox import LocalDiscord
from tests.bot.command_line import TOKEN
from tests.generation.provenance.conftest import openssl_like


def weights(path: Path, *, cut: int = 0) -> None:
    """A .safetensors file with one tensor; its last ``cut`` bytes are left out."""
    header = json.dumps({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    data = struct.pack("<Q", len(header)) + header + b"\0" * 16
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data[: len(data) - cut])


def config_of(folder: Path, text: str) -> Config:
    file = folder / "config.toml"
    file.write_text(text)
    return load(file)


def own(source: str, more: str = "") -> str:
    return f'[generation]\nown = [{{ id = "mine", family = "stable_diffusion_xl", source = "{source}"{more} }}]\n'


def said(config: Config) -> dict[Verdict, str]:
    """All that is found of the models, by its verdict."""
    found = list(look_at_models(config))
    return {verdict: "\n".join(each.text for each in found if each.verdict is verdict) for verdict in Verdict}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m/model.bin", b"PK", "holds only pickles"),
        ("m/model.ckpt", b"PK", "holds only pickles"),
        ("m/model.safetensors", b"<!DOCTYPE html><html>", "a web page"),
        ("m/model.safetensors", b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        ("m/model.safetensors", b"\1\2\3", "a file of an unknown format"),
        ("m/model.safetensors", b"\xff" * 200, "a file of an unknown format"),
        ("m/model.gguf", b"GGML", "a file of an unknown format"),
        ("m/notes.md", b"hello", "holds no weights"),
    ],
)
def test_what_is_no_model_is_seen(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """Finding 7: each file that can never be loaded fails, with what it is."""
    file = tmp_path / name
    file.parent.mkdir()
    file.write_bytes(content)
    bad = said(config_of(tmp_path, own("m")))[Verdict.BAD]
    assert "mine: " in bad
    assert words in bad


def test_a_cut_file_is_seen_and_a_whole_one_passes(tmp_path: Path) -> None:
    """A download that did not arrive whole is shorter than its header says."""
    weights(tmp_path / "m" / "unet" / "model.safetensors", cut=3)
    config = config_of(tmp_path, own("m"))
    assert "a truncated file" in said(config)[Verdict.BAD]
    weights(tmp_path / "m" / "unet" / "model.safetensors")
    assert "truncated" not in said(config)[Verdict.BAD]


def test_sources_that_are_no_place_are_seen(tmp_path: Path) -> None:
    """A web page, a path with nothing there and a file that a folder lacks fail; what is taken for the hub warns."""
    assert "is a web page" in said(config_of(tmp_path, own("https://civitai.com/models/123")))[Verdict.BAD]
    assert "models/nothing is absent" in said(config_of(tmp_path, own("./models/nothing")))[Verdict.BAD]
    assert "so the hub is meant" in said(config_of(tmp_path, own("models/nothing")))[Verdict.WARNING]
    (tmp_path / "m").mkdir()
    (tmp_path / "m.ckpt").write_bytes(b"\x80\x02}q\x00.")
    assert "m.ckpt is a pickle" in said(config_of(tmp_path, own("m.ckpt")))[Verdict.BAD]
    lacking = said(config_of(tmp_path, own("m", ', file = "x.safetensors"')))[Verdict.BAD]
    assert "x.safetensors is an absent file" in lacking


def test_patterns_that_match_nothing_are_seen(tmp_path: Path) -> None:
    """Plans, costs and loading that name no offered model fail, each with its key."""
    generation = '[generation]\ncosts = { fluxx = 4 }\nloading = { "fluxx-*" = {} }\n'
    bad = said(config_of(tmp_path, f'[plans.free]\nmodels = ["nonsense-*"]\n{generation}'))[Verdict.BAD]
    for key in ("plans.free.models", "generation.costs", "generation.loading"):
        assert f"{key}: “" in bad


def test_an_id_that_hides_the_catalogue_s_is_seen(tmp_path: Path) -> None:
    """An own model called sdxl warns."""
    weights(tmp_path / "m" / "unet" / "model.safetensors")
    found = said(config_of(tmp_path, own("m").replace('"mine"', '"sdxl"')))
    assert "sdxl hides the catalogue's" in found[Verdict.WARNING]


def test_devices_that_cannot_work_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding 2: torch itself is asked; what it cannot use fails with the remedy, and so does what is no device."""
    import torch

    monkeypatch.setenv("PATH", str(tmp_path))
    found = list(look_at_devices(config_of(tmp_path, '[generation]\ndevices = ["cuda:7", "gpu"]\n')))
    texts = [each.text for each in found if not each.good]
    assert any("“gpu” is no device" in text for text in texts)
    if torch.cuda.device_count() < 8:
        assert any("cuda:7" in text for text in texts)


def test_a_card_that_is_not_used_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Finding 4: a GPU owner whose bot works on the CPU is warned, with what to write."""
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho '0, NVIDIA GeForce RTX 4090, 24564, 24000'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    (found,) = look_at_devices(config_of(tmp_path, ""))
    assert found.verdict is Verdict.WARNING
    assert 'generation.devices = ["cuda:0"]' in found.text


def test_a_setting_that_needs_an_absent_package_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Quantised without bitsandbytes fails; with it, it passes."""
    config = config_of(tmp_path, '[generation.loading]\n"*" = { quantised = 4 }\n')
    monkeypatch.setattr("bot.cli.check.devices.find_spec", lambda _: None)
    assert any("bitsandbytes" in each.text and not each.good for each in look_at_devices(config))
    monkeypatch.setattr("bot.cli.check.devices.find_spec", lambda _: object())
    assert all(each.good for each in look_at_devices(config) if "bitsandbytes" in each.text)


def test_a_full_disk_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less room than requests need fails, with how much there is."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: (10**9, 10**9 - 1000, 1000))
    (found,) = look_at_storage(tmp_path / "data")
    assert not found.good
    assert "MiB are free" in found.text


def test_a_certificate_that_ends_soon_warns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator's own certificate is good, and a warning from a month before its end on."""
    chain, key = openssl_like(tmp_path)
    config = config_of(tmp_path, f'[provenance]\nc2pa = {{ certificates = "{chain}", key = "{key}" }}\n')
    assert look_at_provenance(config).verdict is Verdict.GOOD
    monkeypatch.setattr("bot.background.certificate_expiry.WARNED_BEFORE", timedelta(days=4000))
    found = look_at_provenance(config)
    assert found.verdict is Verdict.WARNING
    assert "chain.pem ends on " in found.text


@pytest.fixture
async def local() -> AsyncIterator[LocalDiscord]:
    async with LocalDiscord() as local:
        yield local


async def test_the_token_is_tried_at_discord(local: LocalDiscord) -> None:
    """Discord's answer decides; that it cannot be reached is only a warning."""
    assert (await _try(local.token, local.api)).verdict is Verdict.GOOD
    refused = await _try(TOKEN, local.api)
    assert refused.verdict is Verdict.BAD
    assert TOKEN not in refused.text
    assert (await _try(TOKEN, "http://127.0.0.1:9/api")).verdict is Verdict.WARNING
