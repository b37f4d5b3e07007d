"""Enlarging by the carried weights and by others, on the engine's device."""

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from generation import Catalogue
from generation.engine.upscale import CARRIED, OWN_WEIGHTS, TILE, Large, Upscaler, weights_of
from generation.model_file import Kind, inspect


def test_the_carried_weights_are_those_that_are_said() -> None:
    """Their README's hash is theirs, and the licence lies beside them."""
    assert hashlib.sha256(OWN_WEIGHTS.read_bytes()).hexdigest() in (CARRIED / "README.md").read_text()
    assert "BSD 3-Clause" in (CARRIED / "LICENSE").read_text()
    assert inspect(OWN_WEIGHTS).kind is Kind.UPSCALER


@pytest.mark.parametrize("factor", [2, 4])
def test_a_picture_is_enlarged_and_keeps_what_it_shows(factor: int) -> None:
    """Brought back to its size it is nearly what it was, and no tile's edge shows."""
    x, y = np.meshgrid(np.arange(TILE + 24), np.arange(TILE + 8))
    image = Image.fromarray(np.stack([x % 256, y % 256, 128 + 60 * np.sin(x / 9)], -1).astype(np.uint8))
    made = Upscaler(OWN_WEIGHTS, "cpu").enlarge(image, factor)
    assert made.size == (image.width * factor, image.height * factor)
    back = np.asarray(made.resize(image.size, Image.Resampling.BOX)).astype(int)
    difference = np.abs(back - np.asarray(image))
    assert difference.mean() < 6
    assert difference[:, TILE - 2 : TILE + 2].mean() < difference.mean() + 2


def test_the_large_network_is_known_by_its_weights(tmp_path: Path) -> None:
    """RRDBNet of any depth; other weights are refused by name."""
    torch.manual_seed(0)
    net = Large(2)
    save_file(net.state_dict(), tmp_path / "large.safetensors")
    assert inspect(tmp_path / "large.safetensors").kind is Kind.UPSCALER
    image = Image.linear_gradient("L").convert("RGB").resize((20, 16))
    assert Upscaler(tmp_path / "large.safetensors", "cpu").enlarge(image, 4).size == (80, 64)
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match="no network"):
        Upscaler(tmp_path / "other.safetensors", "cpu")


def test_a_file_of_another_content_is_not_used(tmp_path: Path) -> None:
    """The catalogue's hash decides, whatever the hub gives."""
    spec = Catalogue.load().get("realesrgan-x4plus")
    save_file({"a": torch.zeros(1)}, tmp_path / "RealESRGAN_x4plus.safetensors")
    with pytest.raises(ValueError, match="sha256"):
        weights_of(replace(spec, source=str(tmp_path)), offline=True)
