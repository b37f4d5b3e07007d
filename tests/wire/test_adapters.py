"""LoRAs and costs, from the command to the message."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from generation import Catalogue
from sandbox import LocalDiscord

from .bot import running
from .commands import custom_id, delivered, done, press, refused, slash

CATALOGUE = """
[[loras]]
id = "ink"
title = "Ink"
family = "stable_diffusion"
source = "{folder}"
file = "ink.safetensors"
triggers = ["ink style"]
weight = 0.9
"""

SETTINGS = """
[generation]
catalogues = ["{file}"]
costs = {{ "criar-*" = 3 }}
"""


def adapter(folder: Path) -> Path:
    """A catalogue file with a LoRA for the embedded model, of random weights."""
    import diffusers
    import torch
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(0)
    unet = diffusers.UNet2DConditionModel.from_pretrained(
        Catalogue.load().get("criar-embedded").source, subfolder="unet"
    )
    unet.add_adapter(LoraConfig(r=4, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v", "to_out.0"]))
    diffusers.StableDiffusionPipeline.save_lora_weights(
        folder, unet_lora_layers=get_peft_model_state_dict(unet), weight_name="ink.safetensors"
    )
    file = folder / "more.toml"
    file.write_text(CATALOGUE.format(folder=folder))
    return file


def pixels(local: LocalDiscord, words: str) -> tuple[np.ndarray, dict[str, str]]:
    """The newest picture with these words, and what is written into it."""
    (data,) = local.files(delivered(local, words))
    image = Image.open(io.BytesIO(data))
    return np.asarray(image.convert("RGB")).astype(int), dict(image.text)  # type: ignore[attr-defined]


@pytest.mark.slow
async def test_a_lora_changes_the_picture_and_is_told_everywhere(tmp_path: Path) -> None:
    """The same seed with an adapter gives another picture, and without it the first again.

    Message, details and file name the adapter; its trigger word is added and said; each picture counts what its model
    costs.
    """
    async with running(tmp_path, SETTINGS.format(file=adapter(tmp_path))) as (local, _):
        fields: dict[str, Any] = {"seed": 5, "num_inference_steps": 4}
        await done(local, slash(local, "txt2img", prompt="a boat alone", **fields))
        before, _ = pixels(local, "a boat alone")
        words = await done(local, slash(local, "txt2img", prompt="a boat inked", lora="ink", **fields))
        assert "I added “ink style”, which activates Ink." in words
        assert "counts 3 against your day" in words
        assert "14 of 20" in words
        message = delivered(local, "a boat inked, ink style")
        assert "ink:0.9" in message.content
        inked, text = pixels(local, "a boat inked")
        assert 'LoRA: "ink:0.9"' in text["parameters"]
        assert np.abs(inked - before).mean() > 1
        assert custom_id(message, "Again (costs 3)")
        asked = await press(local, local.world.members["ana"], message, "Details")
        await local.answered(asked)
        assert "**LoRA**: ink:0.9" in asked.content
        await done(local, slash(local, "txt2img", prompt="a boat alone", **fields))
        assert np.abs(pixels(local, "a boat alone")[0] - before).mean() < 1
        assert "did you mean ink" in await refused(local, slash(local, "txt2img", prompt="x", lora="imk"))
