"""Text encoders, autoencoders and schedulers in small, with random weights."""

from typing import Any

import diffusers
import torch
import transformers

from generation.engine.processors import ImageAndText, ImageAndText3

from . import tokenizers

Flow = diffusers.FlowMatchEulerDiscreteScheduler
FLUX_FLOW = {
    "use_dynamic_shifting": True, "base_shift": 0.5, "max_shift": 1.15, "base_image_seq_len": 256,
    "max_image_seq_len": 4096, "shift": 3.0,
}  # fmt: skip
NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}


def filled(module: Any) -> Any:
    """The module with numbers where diffusers leaves memory as it found it."""
    with torch.no_grad():
        for parameter in module.parameters():
            if not torch.isfinite(parameter).all() or parameter.abs().max() > 1e3:
                parameter.normal_(0, 0.02)
    return module.eval()


def ddim() -> Any:
    return diffusers.DDIMScheduler(**NOISE, clip_sample=False, set_alpha_to_one=False)


def clip(*, projection: bool = False, hidden: int = 32, positions: int = 77) -> Any:
    torch.manual_seed(0)
    config = transformers.CLIPTextConfig(
        hidden_size=hidden, intermediate_size=2 * hidden, num_attention_heads=4, num_hidden_layers=2, vocab_size=514,
        projection_dim=hidden, hidden_act="gelu", max_position_embeddings=positions, bos_token_id=512, eos_token_id=513,
        pad_token_id=513,
    )  # fmt: skip
    model = transformers.CLIPTextModelWithProjection if projection else transformers.CLIPTextModel
    return model(config).eval()


def t5(width: int = 32, vocabulary: int = 256) -> Any:
    torch.manual_seed(0)
    config = transformers.T5Config(
        d_model=width, d_kv=8, d_ff=37, num_layers=2, num_heads=4, vocab_size=vocabulary,
        relative_attention_num_buckets=8, feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False,
    )  # fmt: skip
    return transformers.T5EncoderModel(config).eval()


def umt5(width: int = 32) -> Any:
    torch.manual_seed(0)
    config = transformers.UMT5Config(
        d_model=width, d_kv=8, d_ff=37, num_layers=2, num_heads=4, vocab_size=256,
        relative_attention_num_buckets=8, feed_forward_proj="gated-gelu", is_encoder_decoder=False, use_cache=False,
    )  # fmt: skip
    return transformers.UMT5EncoderModel(config).eval()


def qwen25vl(hidden: int = 16, sections: tuple[int, int, int] = (1, 1, 2)) -> Any:
    torch.manual_seed(0)
    ids = tokenizers.QWEN_IDS
    text = {
        "hidden_size": hidden, "intermediate_size": hidden, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 2, "vocab_size": 512, "bos_token_id": 256, "eos_token_id": 258, "pad_token_id": 256,
        "rope_parameters": {"rope_type": "default", "mrope_section": list(sections), "rope_theta": 1e6},
    }  # fmt: skip
    vision = {"depth": 2, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": hidden}
    config = transformers.Qwen2_5_VLConfig(
        text_config=text, vision_config=vision, vocab_size=512, image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"], vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )  # fmt: skip
    return transformers.Qwen2_5_VLForConditionalGeneration(config).eval()


def qwen3(model: Any = transformers.Qwen3Model, layers: int = 2) -> Any:
    torch.manual_seed(0)
    config = transformers.Qwen3Config(
        hidden_size=16, intermediate_size=16, num_hidden_layers=layers, num_attention_heads=2, head_dim=8,
        num_key_value_heads=2, vocab_size=512, max_position_embeddings=4096,
    )  # fmt: skip
    return model(config).eval()


def qwen3vl(model: Any = transformers.Qwen3VLForConditionalGeneration, layers: int = 2) -> Any:
    torch.manual_seed(0)
    ids = tokenizers.QWEN_IDS
    text = {
        "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": layers, "num_attention_heads": 2,
        "num_key_value_heads": 2, "head_dim": 8, "vocab_size": 512,
        "rope_parameters": {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 1e6},
    }  # fmt: skip
    vision = {
        "depth": 2, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16,
        "deepstack_visual_indexes": [0],
    }  # fmt: skip
    config = transformers.Qwen3VLConfig(
        text_config=text, vision_config=vision, image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"], vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )  # fmt: skip
    return model(config).eval()


def gemma2() -> Any:
    torch.manual_seed(0)
    config = transformers.Gemma2Config(
        head_dim=16, hidden_size=8, intermediate_size=64, num_attention_heads=2, num_hidden_layers=1,
        num_key_value_heads=2, vocab_size=512, attn_implementation="eager",
    )  # fmt: skip
    return transformers.Gemma2Model(config).eval()


def glm() -> Any:
    torch.manual_seed(0)
    config = transformers.GlmConfig(
        hidden_size=32, intermediate_size=8, num_hidden_layers=2, num_attention_heads=4, head_dim=8,
        num_key_value_heads=2, vocab_size=300, pad_token_id=256,
    )  # fmt: skip
    return transformers.GlmModel(config).eval()


def image_and_text() -> Any:
    """Qwen2VLProcessor, which as it comes asks for torchvision."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    pictures = Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=64 * 28 * 28)
    return ImageAndText(pictures, tokenizers.qwen(), tokenizers.CHAT)


def image_and_text_3() -> Any:
    """Qwen3VLProcessor, which as it comes asks for torchvision."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    pictures = Qwen2VLImageProcessorPil(min_pixels=64 * 64, max_pixels=2**24, patch_size=16)
    return ImageAndText3(pictures, tokenizers.qwen(), tokenizers.CHAT)


def autoencoder(channels: int = 4, scale: float = 0.18215, shift: float | None = None, *, quant: bool = True) -> Any:
    torch.manual_seed(0)
    return diffusers.AutoencoderKL(
        block_out_channels=(8, 8, 16, 16), down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4, layers_per_block=1, latent_channels=channels, norm_num_groups=4,
        scaling_factor=scale, shift_factor=shift, use_quant_conv=quant, use_post_quant_conv=quant, sample_size=64,
    ).eval()  # fmt: skip


def flux_autoencoder() -> Any:
    return autoencoder(16, 0.3611, 0.1159, quant=False)


def qwen_autoencoder() -> Any:
    torch.manual_seed(0)
    return diffusers.AutoencoderKLQwenImage(
        base_dim=8, z_dim=4, dim_mult=[1, 2, 4, 4], num_res_blocks=1, temperal_downsample=[False, True, True],
        latents_mean=[0.0, 0.1, -0.1, 0.0], latents_std=[1.0, 0.5, 2.0, 1.0],
    ).eval()  # fmt: skip


def wan_autoencoder() -> Any:
    torch.manual_seed(0)
    return diffusers.AutoencoderKLWan(
        base_dim=8, decoder_base_dim=8, z_dim=4, dim_mult=[1, 2, 2, 2], num_res_blocks=1, in_channels=12,
        out_channels=12, patch_size=2, is_residual=True, scale_factor_spatial=16,
        temperal_downsample=[False, True, True],
        latents_mean=[0.0, 0.1, -0.1, 0.0], latents_std=[1.0, 0.5, 2.0, 1.0],
    ).eval()  # fmt: skip


def wan_autoencoder_8() -> Any:
    """Of eight pixels a side to a place, as Wan 2.1's."""
    torch.manual_seed(0)
    return diffusers.AutoencoderKLWan(
        base_dim=8, z_dim=4, dim_mult=[1, 2, 2, 2], num_res_blocks=1, temperal_downsample=[False, True, True],
        latents_mean=[0.0, 0.1, -0.1, 0.0], latents_std=[1.0, 0.5, 2.0, 1.0],
    ).eval()  # fmt: skip


def t5gemma() -> Any:
    """The encoder of T5Gemma without its decoder, with the configuration of both, as PRX's checkpoints have it."""
    from diffusers.pipelines.prx import T5GemmaEncoder

    torch.manual_seed(0)
    stack = {
        "vocab_size": 512, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "head_dim": 8,
        "num_attention_heads": 2, "num_key_value_heads": 2,
    }  # fmt: skip
    both = transformers.T5GemmaConfig(encoder=stack, decoder=stack, vocab_size=512)
    encoder = T5GemmaEncoder(both.encoder).eval()
    encoder.config = both
    return encoder


def glm_image_planner() -> dict[str, Any]:
    """The language model of pictures' tokens, of which it writes no other, and what makes its input."""
    from transformers.models.glm_image.image_processing_pil_glm_image import GlmImageImageProcessorPil

    torch.manual_seed(0)
    tokenizer = tokenizers.glm_image()
    text = {
        "vocab_size": 512, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
        "num_key_value_heads": 2, "vision_vocab_size": 64, "pad_token_id": 256, "eos_token_id": 65,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e4,
                            "partial_rotary_factor": 1.0},
    }  # fmt: skip
    config = transformers.GlmImageConfig(
        text_config=text, image_token_id=tokenizer.convert_tokens_to_ids(tokenizer.image_token),
        image_start_token_id=300, image_end_token_id=301,
        vision_config={"depth": 1, "hidden_size": 16, "num_heads": 2, "intermediate_size": 16, "patch_size": 16},
        vq_config={"embed_dim": 8, "num_embeddings": 64, "latent_channels": 16},
    )  # fmt: skip
    return {
        "vision_language_encoder": transformers.GlmImageForConditionalGeneration(config).eval(),
        "processor": transformers.GlmImageProcessor(
            GlmImageImageProcessorPil(), tokenizer, chat_template=tokenizer.chat_template
        ),
    }
