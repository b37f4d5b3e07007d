"""The trained nets as one diffusers folder."""

import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel

from ..paths import BEFORE, TEXT_ENCODER, TOKENIZER, UNET, VAE
from . import tokens
from .unet import scheduler

#: how far the U-Net goes from the weights that a refinement began from to those that it ended with
SHARE = 0.8


def export(folder: Path) -> None:
    """Write the nets in half precision, as the stock StableDiffusionPipeline reads them.

    After a refinement, the U-Net's weights are a mean with those that it began from, which forgets less
    (Wortsman et al., Robust fine-tuning of zero-shot models, arXiv:2109.01903).
    """
    unet = UNet2DConditionModel.from_pretrained(UNET)
    if BEFORE.exists():
        earlier = UNet2DConditionModel.from_pretrained(BEFORE).float().state_dict()
        unet.load_state_dict(
            {name: torch.lerp(earlier[name], now, SHARE) for name, now in unet.float().state_dict().items()}
        )
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(VAE),
        text_encoder=CLIPTextModel.from_pretrained(TEXT_ENCODER),
        tokenizer=tokens.load(),
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    for part in ("vae", "text_encoder", "tokenizer", "unet", "scheduler"):
        shutil.rmtree(folder / part, ignore_errors=True)
    pipeline.to(dtype=torch.float16).save_pretrained(folder, safe_serialization=True)
    for part in ("vae", "unet"):
        _forget_origin(folder / part / "config.json")
    # transformers 5 writes tokenizer.json alone; older readers want these two.
    for name in ("vocab.json", "merges.txt"):
        shutil.copy(TOKENIZER / name, folder / "tokenizer" / name)


def _forget_origin(config: Path) -> None:
    """Take out the folder that the weights were read from, which diffusers writes down."""
    fields = json.loads(config.read_text())
    fields.pop("_name_or_path", None)
    config.write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n")


def unpack(folder: Path) -> None:
    """Put the nets of a diffusers folder where training keeps its own, in full precision."""
    for part, model, place in (
        ("vae", AutoencoderKL, VAE),
        ("text_encoder", CLIPTextModel, TEXT_ENCODER),
        ("unet", UNet2DConditionModel, UNET),
    ):
        model.from_pretrained(folder, subfolder=part, torch_dtype=torch.float32).save_pretrained(place)
    shutil.copytree(folder / "tokenizer", TOKENIZER, dirs_exist_ok=True)


def megabytes(folder: Path) -> float:
    """Size of a model's folder in 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
