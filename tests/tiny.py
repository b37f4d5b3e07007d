"""Tiny checkpoints of the big families, with random weights, saved in their standard layout: no hub is needed."""

from pathlib import Path
from typing import Any

import diffusers
import torch
import transformers


def clip_tokenizer() -> Any:
    from tokenizers.pre_tokenizers import ByteLevel

    letters = sorted(ByteLevel.alphabet())
    words = letters + [letter + "</w>" for letter in letters] + ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {word: place for place, word in enumerate(words)}
    return transformers.CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)


def t5_tokenizer() -> Any:
    special = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -2.0)]
    letters = [(chr(code), -3.0) for code in range(33, 127)]
    return transformers.T5Tokenizer(vocab=special + letters, extra_ids=0, model_max_length=512)


def clip_encoder() -> Any:
    torch.manual_seed(0)
    config = transformers.CLIPTextConfig(
        hidden_size=32, intermediate_size=64, num_attention_heads=4, num_hidden_layers=2, vocab_size=514,
        projection_dim=32, max_position_embeddings=77, bos_token_id=512, eos_token_id=513, pad_token_id=513,
    )  # fmt: skip
    return transformers.CLIPTextModel(config)


def t5_encoder() -> Any:
    torch.manual_seed(0)
    config = transformers.T5Config(
        d_model=32, d_kv=8, d_ff=37, num_layers=2, num_heads=4, vocab_size=256, relative_attention_num_buckets=8,
        feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False,
    )  # fmt: skip
    return transformers.T5EncoderModel(config)


def autoencoder(latent_channels: int, scaling_factor: float, shift_factor: float) -> Any:
    torch.manual_seed(0)
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 16, 16), down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4, layers_per_block=1, latent_channels=latent_channels,
        norm_num_groups=4, scaling_factor=scaling_factor, shift_factor=shift_factor, use_quant_conv=False,
        use_post_quant_conv=False, sample_size=64,
    )  # fmt: skip


def flux_kontext(folder: Path) -> Path:
    """FLUX.1 Kontext in small, saved to the folder."""
    torch.manual_seed(0)
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=[4, 4, 8], guidance_embeds=True,
    )  # fmt: skip
    with torch.no_grad():
        for parameter in transformer.parameters():
            if not torch.isfinite(parameter).all() or parameter.abs().max() > 1e3:
                parameter.normal_(0, 0.02)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15, base_image_seq_len=256, max_image_seq_len=4096,
        shift=3.0,
    )  # fmt: skip
    pipeline = diffusers.FluxKontextPipeline(
        transformer=transformer, vae=autoencoder(16, 0.3611, 0.1159), scheduler=scheduler, text_encoder=clip_encoder(),
        tokenizer=clip_tokenizer(), text_encoder_2=t5_encoder(), tokenizer_2=t5_tokenizer(),
    )  # fmt: skip
    pipeline.save_pretrained(folder)
    return folder


CATALOGUE = """
[[models]]
id = "tiny-kontext"
title = "Tiny Kontext"
description = "FLUX.1 Kontext in small, with random weights"
family = "flux_kontext"
tasks = ["edit"]
source = "{folder}"
licence = "none"
memory = 0.1
defaults = {{ width = 64, height = 64, num_inference_steps = 3, guidance_scale = 2.5, scheduler = "Euler flow" }}
limits = {{ multiple = 16, min_side = 32, max_side = 128 }}
"""


def catalogue_with_kontext(folder: Path) -> Path:
    """A catalogue file that offers the tiny model, beside its checkpoint."""
    file = folder / "more.toml"
    file.write_text(CATALOGUE.format(folder=flux_kontext(folder / "kontext")))
    return file
