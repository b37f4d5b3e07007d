"""A tiny checkpoint for each family, in the layout that its real ones have."""

from collections.abc import Callable
from typing import Any

import diffusers
import torch
import transformers

from generation.engine.processors import without_torchvision

from . import parts, tokenizers
from .parts import FLUX_FLOW, Flow


def unet(channels: int = 4, **more: Any) -> Any:
    torch.manual_seed(0)
    return diffusers.UNet2DConditionModel(**{
        "block_out_channels": (16, 32), "layers_per_block": 1, "sample_size": 8, "in_channels": channels,
        "out_channels": 4, "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"), "cross_attention_dim": 32, "attention_head_dim": 8,
        "norm_num_groups": 8, **more,
    })  # fmt: skip


def stable_diffusion() -> Any:
    return diffusers.StableDiffusionPipeline(
        unet=unet(), vae=parts.autoencoder(), text_encoder=parts.clip(), tokenizer=tokenizers.clip(),
        scheduler=parts.ddim(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def instruct_pix2pix() -> Any:
    return diffusers.StableDiffusionInstructPix2PixPipeline(
        unet=unet(8), vae=parts.autoencoder(), text_encoder=parts.clip(), tokenizer=tokenizers.clip(),
        scheduler=diffusers.EulerAncestralDiscreteScheduler(**parts.NOISE), safety_checker=None,
        feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def stable_diffusion_xl() -> Any:
    large = unet(
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4), use_linear_projection=True, addition_embed_type="text_time",
        addition_time_embed_dim=8, transformer_layers_per_block=(1, 1), projection_class_embeddings_input_dim=80,
        cross_attention_dim=64,
    )  # fmt: skip
    return diffusers.StableDiffusionXLPipeline(
        unet=large, vae=parts.autoencoder(scale=0.13025), text_encoder=parts.clip(),
        text_encoder_2=parts.clip(projection=True), tokenizer=tokenizers.clip(), tokenizer_2=tokenizers.clip(),
        scheduler=diffusers.EulerDiscreteScheduler(**parts.NOISE, timestep_spacing="leading"),
    )  # fmt: skip


def stable_diffusion_3() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.SD3Transformer2DModel(
        sample_size=32, patch_size=2, in_channels=16, out_channels=16, num_layers=2, attention_head_dim=8,
        num_attention_heads=4, caption_projection_dim=32, joint_attention_dim=64, pooled_projection_dim=64,
    )  # fmt: skip
    return diffusers.StableDiffusion3Pipeline(
        transformer=transformer, vae=parts.autoencoder(16, 1.5305, 0.0609, quant=False), scheduler=Flow(shift=3.0),
        text_encoder=parts.clip(projection=True), tokenizer=tokenizers.clip(),
        text_encoder_2=parts.clip(projection=True), tokenizer_2=tokenizers.clip(),
        text_encoder_3=parts.t5(64), tokenizer_3=tokenizers.t5(),
    )  # fmt: skip


def flux(pipeline: Any = diffusers.FluxPipeline, channels: int = 64) -> Any:
    torch.manual_seed(0)
    transformer = diffusers.FluxTransformer2DModel(
        patch_size=1, in_channels=channels, out_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=32, pooled_projection_dim=32, axes_dims_rope=[4, 4, 8],
        guidance_embeds=True,
    )  # fmt: skip
    return pipeline(
        transformer=parts.filled(transformer), vae=parts.flux_autoencoder(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=parts.clip(), tokenizer=tokenizers.clip(), text_encoder_2=parts.t5(), tokenizer_2=tokenizers.t5(),
    )  # fmt: skip


def flux_fill() -> Any:
    return flux(diffusers.FluxFillPipeline, 64 + 64 + 256)  # latents, the kept part, and the mask's pixels


def flux_kontext() -> Any:
    return flux(diffusers.FluxKontextPipeline)


def chroma() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.ChromaTransformer2DModel(
        patch_size=1, in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, axes_dims_rope=[4, 4, 8], approximator_hidden_dim=32, approximator_layers=1,
        approximator_num_channels=16,
    )  # fmt: skip
    return diffusers.ChromaPipeline(
        transformer=parts.filled(transformer), vae=parts.flux_autoencoder(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=parts.t5(), tokenizer=tokenizers.t5(),
    )  # fmt: skip


def _flux2_parts(joint: int, *, guided: bool) -> dict[str, Any]:
    torch.manual_seed(0)
    transformer = diffusers.Flux2Transformer2DModel(
        patch_size=1, in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=joint, timestep_guidance_channels=256, axes_dims_rope=[4, 4, 4, 4], guidance_embeds=guided,
    )  # fmt: skip
    vae = diffusers.AutoencoderKLFlux2(
        block_out_channels=(8, 8, 16, 16), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, latent_channels=16, norm_num_groups=4,
    )  # fmt: skip
    return {"transformer": parts.filled(transformer), "vae": vae.eval(), "scheduler": Flow(**FLUX_FLOW)}


def flux2() -> Any:
    tokenizer = tokenizers.bytes_with("<pad>", "<s>", "</s>", "[IMG]", "[IMG_BREAK]", "[IMG_END]")
    tokenizer.chat_template = (
        "{% for m in messages %}{% for c in m['content'] %}{{ c['text'] }}{% endfor %}{% endfor %}"
    )
    config = transformers.Mistral3Config(
        text_config=transformers.MistralConfig(
            hidden_size=16, intermediate_size=16, num_hidden_layers=30, num_attention_heads=2, num_key_value_heads=2,
            head_dim=8, vocab_size=300, max_position_embeddings=2048,
        ),
        vision_config=transformers.PixtralVisionConfig(
            hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=32,
            patch_size=2, head_dim=8,
        ),
        image_token_index=259,
    )  # fmt: skip
    torch.manual_seed(0)
    encoder = transformers.Mistral3ForConditionalGeneration(config).eval()
    return diffusers.Flux2Pipeline(**_flux2_parts(48, guided=True), text_encoder=encoder, tokenizer=tokenizer)


def flux2_klein() -> Any:
    return diffusers.Flux2KleinPipeline(
        **_flux2_parts(48, guided=False), text_encoder=parts.qwen3(transformers.Qwen3ForCausalLM, layers=28),
        tokenizer=tokenizers.qwen(), is_distilled=False,
    )  # fmt: skip


def _qwen_parts() -> dict[str, Any]:
    torch.manual_seed(0)
    transformer = diffusers.QwenImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=4, num_layers=2, attention_head_dim=16, num_attention_heads=3,
        joint_attention_dim=16, guidance_embeds=False, axes_dims_rope=(8, 4, 4),
    )  # fmt: skip
    return {
        "transformer": parts.filled(transformer), "vae": parts.qwen_autoencoder(), "scheduler": Flow(**FLUX_FLOW),
        "text_encoder": parts.qwen25vl(), "tokenizer": tokenizers.qwen(),
    }  # fmt: skip


def qwen_image() -> Any:
    return diffusers.QwenImagePipeline(**_qwen_parts())


def qwen_image_edit() -> Any:
    return diffusers.QwenImageEditPipeline(**_qwen_parts(), processor=parts.image_and_text())


def qwen_image_edit_plus() -> Any:
    return diffusers.QwenImageEditPlusPipeline(**_qwen_parts(), processor=parts.image_and_text())


def z_image() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.ZImageTransformer2DModel(
        all_patch_size=(2,), all_f_patch_size=(1,), in_channels=16, dim=32, n_layers=2, n_refiner_layers=1, n_heads=2,
        n_kv_heads=2, norm_eps=1e-5, qk_norm=True, cap_feat_dim=16, rope_theta=256.0, t_scale=1000.0,
        axes_dims=[8, 4, 4], axes_lens=[2048, 512, 512],
    )  # fmt: skip
    with torch.no_grad():
        transformer.x_pad_token.fill_(1)
        transformer.cap_pad_token.fill_(1)
    return diffusers.ZImagePipeline(
        transformer=parts.filled(transformer), vae=parts.flux_autoencoder(), scheduler=Flow(shift=3.0),
        text_encoder=parts.qwen3(), tokenizer=tokenizers.qwen(),
    )  # fmt: skip


def sana() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.SanaTransformer2DModel(
        patch_size=1, in_channels=4, out_channels=4, num_layers=1, num_attention_heads=2, attention_head_dim=4,
        num_cross_attention_heads=2, cross_attention_head_dim=4, cross_attention_dim=8, caption_channels=8,
        sample_size=32,
    )  # fmt: skip
    vae = diffusers.AutoencoderDC(
        in_channels=3, latent_channels=4, attention_head_dim=2,
        encoder_block_types=("ResBlock", "EfficientViTBlock"), decoder_block_types=("ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=(8, 8), decoder_block_out_channels=(8, 8), encoder_qkv_multiscales=((), (5,)),
        decoder_qkv_multiscales=((), (5,)), encoder_layers_per_block=(1, 1), decoder_layers_per_block=[1, 1],
        downsample_block_type="conv", upsample_block_type="interpolate", decoder_norm_types="rms_norm",
        decoder_act_fns="silu", scaling_factor=0.41407,
    )  # fmt: skip
    return diffusers.SanaPipeline(
        transformer=transformer, vae=vae.eval(), text_encoder=parts.gemma2(), tokenizer=tokenizers.gemma(),
        scheduler=diffusers.DPMSolverMultistepScheduler(
            prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
        ),
    )  # fmt: skip


def pixart() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.PixArtTransformer2DModel(
        sample_size=8, num_layers=2, patch_size=2, attention_head_dim=8, num_attention_heads=3, caption_channels=32,
        in_channels=4, cross_attention_dim=24, out_channels=8, attention_bias=True,
        activation_fn="gelu-approximate", num_embeds_ada_norm=1000, norm_type="ada_norm_single",
        norm_elementwise_affine=False, norm_eps=1e-6, use_additional_conditions=False,
    )  # fmt: skip
    return diffusers.PixArtSigmaPipeline(
        transformer=transformer, vae=parts.autoencoder(), scheduler=diffusers.DPMSolverMultistepScheduler(),
        text_encoder=parts.t5(), tokenizer=tokenizers.t5(),
    )  # fmt: skip


def lumina2() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.Lumina2Transformer2DModel(
        sample_size=4, patch_size=2, in_channels=16, hidden_size=24, num_layers=2, num_attention_heads=1,
        num_kv_heads=1, multiple_of=16, norm_eps=1e-5, scaling_factor=1.0, axes_dim_rope=[8, 8, 8],
        axes_lens=[300, 512, 512], cap_feat_dim=8,
    )  # fmt: skip
    return diffusers.Lumina2Pipeline(
        transformer=transformer, vae=parts.flux_autoencoder(), scheduler=Flow(shift=6.0), text_encoder=parts.gemma2(),
        tokenizer=tokenizers.gemma(),
    )  # fmt: skip


def hunyuan_image() -> Any:
    from diffusers.guiders import AdaptiveProjectedMixGuidance

    torch.manual_seed(0)
    transformer = diffusers.HunyuanImageTransformer2DModel(
        in_channels=4, out_channels=4, num_attention_heads=4, attention_head_dim=8, num_layers=1, num_single_layers=1,
        num_refiner_layers=1, patch_size=(1, 1), guidance_embeds=False, text_embed_dim=32, text_embed_2_dim=32,
        rope_axes_dim=(4, 4),
    )  # fmt: skip
    vae = diffusers.AutoencoderKLHunyuanImage(
        in_channels=3, out_channels=3, latent_channels=4, block_out_channels=(32, 64, 64, 64), layers_per_block=1,
        scaling_factor=0.476986, spatial_compression_ratio=8, sample_size=128,
    )  # fmt: skip
    return diffusers.HunyuanImagePipeline(
        transformer=transformer, vae=vae.eval(), scheduler=Flow(shift=7.0), text_encoder=parts.qwen25vl(32, (2, 2, 4)),
        tokenizer=tokenizers.qwen(), text_encoder_2=parts.t5(32, 384), tokenizer_2=transformers.ByT5Tokenizer(),
        guider=AdaptiveProjectedMixGuidance(adaptive_projected_guidance_start_step=2),
        ocr_guider=AdaptiveProjectedMixGuidance(adaptive_projected_guidance_start_step=3),
    )  # fmt: skip


def kandinsky5(pipeline: Any = diffusers.Kandinsky5T2IPipeline, *, conditioned: bool = False) -> Any:
    torch.manual_seed(0)
    transformer = diffusers.Kandinsky5Transformer3DModel(
        in_visual_dim=16, in_text_dim=32, in_text_dim2=16, time_dim=16, out_visual_dim=16, patch_size=(1, 2, 2),
        model_dim=16, ff_dim=32, num_text_blocks=1, num_visual_blocks=2, axes_dims=(1, 1, 2),
        visual_cond=conditioned, attention_type="regular",
    )  # fmt: skip
    return pipeline(
        transformer=transformer, vae=parts.flux_autoencoder(), scheduler=Flow(shift=7.0),
        text_encoder=parts.qwen25vl(32, (2, 2, 4)), tokenizer=parts.image_and_text(),
        text_encoder_2=parts.clip(hidden=16), tokenizer_2=tokenizers.clip(),
    )  # fmt: skip


def kandinsky5_edit() -> Any:
    return kandinsky5(diffusers.Kandinsky5I2IPipeline, conditioned=True)


def cogview4() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.CogView4Transformer2DModel(
        patch_size=2, in_channels=16, num_layers=2, attention_head_dim=8, num_attention_heads=4, out_channels=16,
        text_embed_dim=32, time_embed_dim=8, condition_dim=4, rope_axes_dim=(8, 8),
    )  # fmt: skip
    return diffusers.CogView4Pipeline(
        transformer=transformer, vae=parts.autoencoder(16, 1.0, 0.0, quant=False), text_encoder=parts.glm(),
        tokenizer=tokenizers.glm(), scheduler=Flow(**FLUX_FLOW),
    )  # fmt: skip


def aura_flow() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.AuraFlowTransformer2DModel(
        sample_size=32, patch_size=2, in_channels=4, num_mmdit_layers=1, num_single_dit_layers=1, attention_head_dim=8,
        num_attention_heads=4, caption_projection_dim=32, joint_attention_dim=32, pos_embed_max_size=256,
    )  # fmt: skip
    return diffusers.AuraFlowPipeline(
        transformer=parts.filled(transformer), vae=parts.autoencoder(), scheduler=Flow(shift=1.73),
        text_encoder=parts.umt5(), tokenizer=tokenizers.t5(),
    )  # fmt: skip


def krea2() -> Any:
    """A pipeline that no family of its own is written for."""
    torch.manual_seed(0)
    transformer = diffusers.Krea2Transformer2DModel(
        in_channels=16, num_layers=2, attention_head_dim=8, num_attention_heads=4, num_key_value_heads=2,
        intermediate_size=32, timestep_embed_dim=8, text_hidden_dim=16, num_text_layers=3, text_num_attention_heads=2,
        text_num_key_value_heads=1, text_intermediate_size=16, num_layerwise_text_blocks=1, num_refiner_text_blocks=1,
        axes_dims_rope=(4, 2, 2), rope_theta=1000.0,
    )  # fmt: skip
    return diffusers.Krea2Pipeline(
        transformer=parts.filled(transformer), vae=parts.qwen_autoencoder(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=parts.qwen3vl(transformers.Qwen3VLModel), tokenizer=tokenizers.qwen(),
        text_encoder_select_layers=(0, 1, 2),
    )  # fmt: skip


def ernie_image() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.ErnieImageTransformer2DModel(
        hidden_size=32, num_attention_heads=2, num_layers=2, ffn_hidden_size=32, in_channels=64, out_channels=64,
        text_in_dim=16, rope_axes_dim=(4, 6, 6),
    )  # fmt: skip
    common = flux2()
    return diffusers.ErnieImagePipeline(
        transformer=parts.filled(transformer), vae=common.vae, scheduler=Flow(shift=3.0),
        text_encoder=common.text_encoder.model, tokenizer=common.tokenizer,
    )  # fmt: skip


def ovis_image() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.OvisImageTransformer2DModel(
        in_channels=64, out_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, joint_attention_dim=16, axes_dims_rope=(4, 4, 8),
    )  # fmt: skip
    return diffusers.OvisImagePipeline(
        transformer=parts.filled(transformer), vae=parts.flux_autoencoder(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=parts.qwen3(), tokenizer=tokenizers.qwen(),
    )  # fmt: skip


def longcat_image(pipeline: Any = diffusers.LongCatImagePipeline) -> Any:
    torch.manual_seed(0)
    transformer = diffusers.LongCatImageTransformer2DModel(
        in_channels=64, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=16, pooled_projection_dim=16, axes_dims_rope=[4, 4, 8],
    )  # fmt: skip
    return pipeline(
        transformer=parts.filled(transformer), vae=parts.flux_autoencoder(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=parts.qwen25vl(), tokenizer=tokenizers.qwen(), text_processor=parts.image_and_text(),
    )  # fmt: skip


def longcat_image_edit() -> Any:
    return longcat_image(diffusers.LongCatImageEditPipeline)


def qwen_image_21() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.QwenImage21Transformer2DModel(
        in_channels=4, out_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=4, context_in_dim=16,
        axes_dims_rope=(2, 2, 4),
    )  # fmt: skip
    vae = diffusers.AutoencoderKLQwenImage21(
        base_dim=8, decoder_base_dim=8, z_dim=4, dim_mult=[1, 2, 2, 2, 2], num_res_blocks=1,
        latents_mean=[0.0, 0.1, -0.1, 0.0], latents_std=[1.0, 0.5, 2.0, 1.0],
    )  # fmt: skip
    return diffusers.QwenImage21Pipeline(
        transformer=parts.filled(transformer), vae=vae.eval(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=parts.qwen3vl(), processor=parts.image_and_text_3(),
    )  # fmt: skip


def ideogram4() -> Any:
    def transformer() -> Any:
        return parts.filled(diffusers.Ideogram4Transformer2DModel(
            in_channels=64, num_layers=2, attention_head_dim=16, num_attention_heads=2, intermediate_size=32,
            adaln_dim=16, llm_features_dim=16 * 13, mrope_section=(4, 2, 2),
        ))  # fmt: skip

    torch.manual_seed(0)
    return diffusers.Ideogram4Pipeline(
        transformer=transformer(), unconditional_transformer=transformer(), vae=flux2().vae, scheduler=Flow(shift=1.0),
        text_encoder=parts.qwen3vl(transformers.Qwen3VLModel, layers=36), tokenizer=tokenizers.qwen(),
    )  # fmt: skip


def joyimage_edit() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.JoyImageEditTransformer3DModel(
        patch_size=[1, 4, 4], in_channels=4, hidden_size=32, num_attention_heads=2, text_dim=16, num_layers=2,
        rope_dim_list=[4, 6, 6],
    )  # fmt: skip
    return diffusers.JoyImageEditPipeline(
        transformer=parts.filled(transformer), vae=parts.wan_autoencoder(), scheduler=Flow(shift=1.5),
        text_encoder=parts.qwen3vl(), tokenizer=tokenizers.qwen(), processor=parts.image_and_text_3(),
    )  # fmt: skip


def glm_image() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.GlmImageTransformer2DModel(
        in_channels=4, out_channels=4, num_layers=1, attention_head_dim=16, num_attention_heads=2, text_embed_dim=16,
        time_embed_dim=16, condition_dim=8, prior_vq_quantizer_codebook_size=64,
    )  # fmt: skip
    vae = parts.autoencoder(quant=False)
    vae.register_to_config(latents_mean=[0.0, 0.1, -0.1, 0.0], latents_std=[1.0, 0.5, 2.0, 1.0])
    text = transformers.T5Config(vocab_size=384, d_model=16, d_kv=8, d_ff=16, num_layers=2, num_heads=2)
    return diffusers.GlmImagePipeline(
        transformer=parts.filled(transformer), vae=vae, tokenizer=transformers.ByT5Tokenizer(),
        scheduler=Flow(use_dynamic_shifting=True, base_shift=0.25, max_shift=0.75, time_shift_type="linear"),
        text_encoder=transformers.T5EncoderModel(text).eval(), **parts.glm_image_planner(),
    )  # fmt: skip


def bria_fibo() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.BriaFiboTransformer2DModel(
        in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=16, num_attention_heads=2,
        joint_attention_dim=32, axes_dims_rope=[4, 4, 8], text_encoder_dim=16,
    )  # fmt: skip
    config = transformers.SmolLM3Config(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=2,
        vocab_size=128_256, pad_token_id=256,
    )  # fmt: skip
    return diffusers.BriaFiboPipeline(
        transformer=parts.filled(transformer), vae=parts.wan_autoencoder(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=transformers.SmolLM3ForCausalLM(config).eval(), tokenizer=tokenizers.bytes_with("<|endoftext|>"),
    )  # fmt: skip


def hidream_image() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.HiDreamImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=16, num_layers=1, num_single_layers=1, attention_head_dim=16,
        num_attention_heads=2, caption_channels=[32, 16], text_emb_dim=64, axes_dims_rope=(8, 4, 4),
        max_resolution=(128, 128), llama_layers=[0, 1], force_inference_output=True,
    )  # fmt: skip
    config = transformers.LlamaConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=2, num_attention_heads=2, vocab_size=300,
        attn_implementation="eager",
    )  # fmt: skip
    tokenizer = tokenizers.bytes_with("<|eot_id|>")
    tokenizer.eos_token = tokenizer.pad_token
    clip = parts.clip(projection=True, positions=248)
    return diffusers.HiDreamImagePipeline(
        scheduler=Flow(shift=3.0), vae=parts.flux_autoencoder(), text_encoder=clip, tokenizer=tokenizers.clip(),
        text_encoder_2=clip, tokenizer_2=tokenizers.clip(), text_encoder_3=parts.t5(), tokenizer_3=tokenizers.t5(),
        text_encoder_4=transformers.LlamaForCausalLM(config), tokenizer_4=tokenizer,
        transformer=parts.filled(transformer),
    )  # fmt: skip


def sana_sprint() -> Any:
    common = sana()
    torch.manual_seed(0)
    transformer = type(common.transformer)(**{**common.transformer.config, "guidance_embeds": True, "qk_norm": None})
    return diffusers.SanaSprintPipeline(
        transformer=transformer, vae=common.vae, text_encoder=common.text_encoder, tokenizer=common.tokenizer,
        scheduler=diffusers.SCMScheduler(prediction_type="trigflow", sigma_data=0.5),
    )  # fmt: skip


def joyimage_edit_plus() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.JoyImageEditPlusTransformer3DModel(
        patch_size=[1, 2, 2], in_channels=4, hidden_size=32, num_attention_heads=2, text_dim=16, num_layers=2,
        rope_dim_list=[4, 6, 6],
    )  # fmt: skip
    return diffusers.JoyImageEditPlusPipeline(
        transformer=parts.filled(transformer), vae=parts.wan_autoencoder_8(), scheduler=Flow(shift=1.5),
        text_encoder=parts.qwen3vl(), tokenizer=tokenizers.qwen(), processor=parts.image_and_text_3(),
    )  # fmt: skip


def omnigen() -> Any:
    without_torchvision()
    torch.manual_seed(0)
    transformer = diffusers.OmniGenTransformer2DModel(
        hidden_size=16, num_attention_heads=2, num_key_value_heads=2, intermediate_size=32, num_layers=2,
        pad_token_id=0, vocab_size=300, rope_scaling={"short_factor": [1.0] * 4, "long_factor": [2.0] * 4},
        time_step_dim=16,
    )  # fmt: skip
    return diffusers.OmniGenPipeline(
        transformer=parts.filled(transformer), vae=parts.autoencoder(scale=0.13025), scheduler=Flow(),
        tokenizer=tokenizers.llama(),
    )  # fmt: skip


def prx(vae: Any = None) -> Any:
    vae = vae or parts.flux_autoencoder()
    torch.manual_seed(0)
    transformer = diffusers.PRXTransformer2DModel(
        in_channels=vae.config.latent_channels, context_in_dim=16, hidden_size=32, num_heads=2, depth=2,
        axes_dim=[8, 8],
    )  # fmt: skip
    return diffusers.PRXPipeline(
        transformer=parts.filled(transformer), vae=vae, scheduler=Flow(shift=3.0), text_encoder=parts.t5gemma(),
        tokenizer=tokenizers.gemma(),
    )  # fmt: skip


def prx_deep() -> Any:
    return prx(sana().vae)


def prx_pixel() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.PRXTransformer2DModel(
        in_channels=3, patch_size=16, context_in_dim=16, hidden_size=32, num_heads=2, depth=2, axes_dim=[8, 8],
        bottleneck_size=16, resolution_embeds=True,
    )  # fmt: skip
    return diffusers.PRXPixelPipeline(
        transformer=parts.filled(transformer), scheduler=Flow(shift=3.0), tokenizer=tokenizers.qwen(),
        text_encoder=parts.qwen3vl(transformers.Qwen3VLModel).language_model,
    )  # fmt: skip


def nucleus_image() -> Any:
    torch.manual_seed(0)
    transformer = diffusers.NucleusMoEImageTransformer2DModel(
        patch_size=2, in_channels=16, out_channels=4, num_layers=5, attention_head_dim=16, num_attention_heads=4,
        num_key_value_heads=2, joint_attention_dim=16, axes_dims_rope=(8, 4, 4), num_experts=4,
        moe_intermediate_dim=16, capacity_factors=2.0,
    )  # fmt: skip
    return diffusers.NucleusMoEImagePipeline(
        transformer=parts.filled(transformer), vae=parts.qwen_autoencoder(), scheduler=Flow(**FLUX_FLOW),
        text_encoder=parts.qwen3vl(layers=8), processor=parts.image_and_text_3(),
    )  # fmt: skip


def dreamlite(pipeline: Any = diffusers.DreamLitePipeline) -> Any:
    torch.manual_seed(0)
    denoiser = diffusers.DreamLiteUNetModel(
        sample_size=8, block_out_channels=(16, 32, 32), layers_per_block=1, norm_num_groups=8, cross_attention_dim=16,
        attention_head_dim=8, addition_embed_type="time",
        addition_time_embed_dim=8, projection_class_embeddings_input_dim=16,
    )  # fmt: skip
    vae = diffusers.AutoencoderTiny(
        encoder_block_out_channels=(8, 8, 8, 8), decoder_block_out_channels=(8, 8, 8, 8), latent_channels=4,
        num_encoder_blocks=(1, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 1),
    )  # fmt: skip
    return pipeline(
        unet=denoiser, vae=vae.eval(), scheduler=Flow(**FLUX_FLOW), text_encoder=parts.qwen3vl(),
        tokenizer=tokenizers.qwen(), processor=parts.image_and_text_3(),
    )  # fmt: skip


def dreamlite_mobile() -> Any:
    return dreamlite(diffusers.DreamLiteMobilePipeline)


def flux2_klein_kv() -> Any:
    return diffusers.Flux2KleinKVPipeline(**flux2_klein().components, is_distilled=True)


#: family, its checkpoint and the tasks that this checkpoint does
CHECKPOINTS: dict[str, tuple[str, Callable[[], Any], tuple[str, ...]]] = {
    "stable_diffusion": ("stable_diffusion", stable_diffusion, ("txt2img", "img2img", "inpaint")),
    "stable_diffusion_xl": ("stable_diffusion_xl", stable_diffusion_xl, ("txt2img", "img2img", "inpaint")),
    "stable_diffusion_3": ("stable_diffusion_3", stable_diffusion_3, ("txt2img", "img2img", "inpaint")),
    "flux": ("flux", flux, ("txt2img", "img2img", "inpaint")),
    "flux_fill": ("flux", flux_fill, ("inpaint",)),
    "flux_kontext": ("flux_kontext", flux_kontext, ("edit", "inpaint")),
    "flux2": ("flux2", flux2, ("txt2img", "edit")),
    "flux2_klein": ("flux2_klein", flux2_klein, ("txt2img", "edit", "inpaint")),
    "qwen_image": ("qwen_image", qwen_image, ("txt2img", "img2img", "inpaint")),
    "qwen_image_edit": ("qwen_image_edit", qwen_image_edit, ("edit", "inpaint")),
    "qwen_image_edit_plus": ("qwen_image_edit_plus", qwen_image_edit_plus, ("edit",)),
    "z_image": ("z_image", z_image, ("txt2img", "img2img", "inpaint")),
    "chroma": ("chroma", chroma, ("txt2img", "img2img", "inpaint")),
    "sana": ("sana", sana, ("txt2img",)),
    "pixart": ("pixart", pixart, ("txt2img",)),
    "lumina2": ("lumina2", lumina2, ("txt2img",)),
    "hunyuan_image": ("hunyuan_image", hunyuan_image, ("txt2img",)),
    "kandinsky5": ("kandinsky5", kandinsky5, ("txt2img",)),
    "kandinsky5_edit": ("kandinsky5", kandinsky5_edit, ("edit",)),
    "cogview4": ("cogview4", cogview4, ("txt2img",)),
    "aura_flow": ("aura_flow", aura_flow, ("txt2img",)),
    "instruct_pix2pix": ("instruct_pix2pix", instruct_pix2pix, ("edit",)),
    "sana_sprint": ("sana_sprint", sana_sprint, ("txt2img", "img2img")),
    "krea2": ("krea2", krea2, ("txt2img",)),
    "ernie_image": ("ernie_image", ernie_image, ("txt2img",)),
    "ovis_image": ("ovis_image", ovis_image, ("txt2img",)),
    "longcat_image": ("longcat_image", longcat_image, ("txt2img",)),
    "longcat_image_edit": ("longcat_image_edit", longcat_image_edit, ("edit",)),
    "qwen_image_21": ("qwen_image_21", qwen_image_21, ("txt2img", "edit")),
    "hidream_image": ("hidream_image", hidream_image, ("txt2img",)),
    "bria_fibo": ("bria_fibo", bria_fibo, ("txt2img",)),
    "ideogram4": ("ideogram4", ideogram4, ("txt2img",)),
    "joyimage_edit": ("joyimage_edit", joyimage_edit, ("edit",)),
    "glm_image": ("glm_image", glm_image, ("txt2img",)),
    "joyimage_edit_plus": ("joyimage_edit_plus", joyimage_edit_plus, ("edit",)),
    "omnigen": ("omnigen", omnigen, ("txt2img", "edit")),
    "nucleus_image": ("nucleus_image", nucleus_image, ("txt2img",)),
    "dreamlite": ("dreamlite", dreamlite, ("txt2img", "edit")),
    "dreamlite_mobile": ("dreamlite", dreamlite_mobile, ("txt2img", "edit")),
    "flux2_klein_kv": ("flux2_klein_kv", flux2_klein_kv, ("txt2img", "edit")),
    "prx": ("prx", prx, ("txt2img",)),
    "prx_deep": ("prx", prx_deep, ("txt2img",)),
    "prx_pixel": ("prx_pixel", prx_pixel, ("txt2img",)),
    "generic": ("generic", krea2, ("txt2img",)),
}
