"""Stable Diffusion 1.5 in its true size with random weights: 860 M parameters in the UNet, 2.1 GB in half precision."""

from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers

from . import parts, tokenizers

CHUNK = 2**20  # random numbers that are used again and again: making as many as there are weights would take a minute


def stable_diffusion_15(folder: Path) -> Path:
    """Save the checkpoint."""
    torch.manual_seed(0)
    noise = torch.randn(CHUNK) * 0.02
    unet = _filled(noise, lambda: diffusers.UNet2DConditionModel(
        sample_size=64, cross_attention_dim=768, attention_head_dim=8,
    ))  # fmt: skip
    vae = _filled(noise, lambda: diffusers.AutoencoderKL(
        block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=4, sample_size=512,
    ))  # fmt: skip
    text = transformers.CLIPTextConfig(
        hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, vocab_size=49408,
        projection_dim=768, bos_token_id=512, eos_token_id=513, pad_token_id=513,
    )  # fmt: skip
    encoder = _filled(noise, lambda: transformers.CLIPTextModel(text))
    diffusers.StableDiffusionPipeline(
        unet=unet, vae=vae, text_encoder=encoder, tokenizer=tokenizers.clip(), scheduler=parts.ddim(),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    return folder


def _filled(noise: torch.Tensor, make: Any) -> Any:
    """The module in half precision, its weights filled with small noise, its norms as they begin."""
    with torch.device("meta"):
        module = make()
    module = module.to(torch.float16).to_empty(device="cpu")
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim == 1:
                parameter.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
            else:
                repeats = -(-parameter.numel() // CHUNK)
                parameter.copy_(noise.repeat(repeats)[: parameter.numel()].reshape(parameter.shape))
        for name, buffer in module.named_buffers():
            if name.endswith("position_ids"):
                buffer.copy_(torch.arange(buffer.shape[-1]).expand(buffer.shape))
    return module
