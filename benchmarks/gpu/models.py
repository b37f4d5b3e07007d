"""Models for the check: of real size with random weights, made on the device, or the tests' tiny ones."""

import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from generation import ModelSpec
from generation.catalogue_files import read_models
from generation.types import Loading, Offload, Precision

CALM = 0.01  # what the last projection is scaled by, so that latents of random weights stay finite
FAMILIES = {
    "sd15": "stable_diffusion", "sdxl": "stable_diffusion_xl", "flux": "flux", "qwen": "qwen_image",
}  # fmt: skip
SIDES = {"sd15": 512, "sdxl": 1024, "flux": 1024, "qwen": 1328}  # pixels
TINY_SIDE = 64


def engine_for(name: str, device: str, folder: Path, *, tiny: bool, loading: Loading | None = None) -> Any:
    """Return an engine whose one model is loaded, with previews as in the product."""
    from generation.engine.engine import Engine

    spec = tiny_spec(name, folder) if tiny else _entry(name, folder)
    spec = replace(spec, loading=loading or Loading(offload=Offload.NONE), memory=None)
    engine = Engine({spec.id: spec}, device, 1 if tiny else 8, 64.0, onnx=False)
    if tiny:
        engine._models.get(spec)
    else:
        put(engine, spec, BUILDERS[name](device), loading or Loading(offload=Offload.NONE))
    return engine


def put(engine: Any, spec: ModelSpec, pipeline: Any, loading: Loading) -> None:
    """Give an engine a pipeline as if it had loaded it."""
    from generation.engine.loaded_models import LoadedModel, widen_autoencoder

    bf16 = engine._device.has_bf16()
    widen_autoencoder(pipeline, bf16=bf16)
    half = Precision.FP16 if pipeline.dtype.itemsize == 2 and "bfloat" not in str(pipeline.dtype) else Precision.BF16
    model = LoadedModel(spec, replace(loading, precision=half), pipeline, engine._device.name)
    if model.offloaded:
        model.offload(scarce=False)
    engine._models._loaded[spec.id] = model
    model.colours = engine._models._colours_of(model, "")


def model_of(engine: Any) -> tuple[ModelSpec, Any]:
    """Return an engine's one model: its entry and what is loaded."""
    (spec,) = engine._specs.values()
    return spec, engine._models.get(spec)


def tiny_spec(name: str, folder: Path) -> ModelSpec:
    """Return the tests' tiny model of that name, which is written if it is not there."""
    from tests.tiny import spec

    found = spec(FAMILIES[name], folder)
    if name == "sdxl":
        file = Path(found.source) / "vae" / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "force_upcast": True}))
    return found


def _entry(name: str, folder: Path) -> ModelSpec:
    entry = {"id": name, "family": FAMILIES[name], "source": str(folder)}
    (found,) = read_models([entry], "benchmarks", folder)
    return found


@contextmanager
def _on(device: str, dtype: Any) -> Any:
    """Make modules on the device, in half precision from the beginning: nothing goes by the disk or the host."""
    import torch

    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


def _ready(module: Any, *last: str) -> Any:
    """Return the module with small random weights, its last projection almost silent."""
    import torch

    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.ndim > 1:
                parameter.normal_(0, 0.02)
            else:
                parameter.fill_(1.0 if name.endswith("weight") else 0.0)
            if last and name.startswith(last):
                parameter.mul_(CALM)
    return module.eval().requires_grad_(requires_grad=False)


def _sd15(device: str) -> Any:
    import diffusers
    import torch

    from tests.tiny import parts, tokenizers

    with _on(device, torch.float16):
        unet = diffusers.UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
        vae, text = _autoencoder(4, 0.18215), parts.clip(hidden=768)
    return diffusers.StableDiffusionPipeline(
        unet=_ready(unet, "conv_out"), vae=_ready(vae), text_encoder=_ready(text), tokenizer=tokenizers.clip(),
        scheduler=parts.ddim(), safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip


def _sdxl(device: str) -> Any:
    import diffusers
    import torch

    from tests.tiny import parts, tokenizers

    with _on(device, torch.float16):
        unet = diffusers.UNet2DConditionModel(
            sample_size=128, block_out_channels=(320, 640, 1280), use_linear_projection=True, cross_attention_dim=2048,
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), attention_head_dim=(5, 10, 20),
            transformer_layers_per_block=(1, 2, 10), addition_embed_type="text_time", addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        )  # fmt: skip
        vae = _autoencoder(4, 0.13025, force_upcast=True)
        texts = parts.clip(hidden=768), parts.clip(projection=True, hidden=1280)
    return diffusers.StableDiffusionXLPipeline(
        unet=_ready(unet, "conv_out"), vae=_ready(vae), text_encoder=_ready(texts[0]), text_encoder_2=_ready(texts[1]),
        tokenizer=tokenizers.clip(), tokenizer_2=tokenizers.clip(),
        scheduler=diffusers.EulerDiscreteScheduler(**parts.NOISE, timestep_spacing="leading"),
    )  # fmt: skip


def _flux(device: str) -> Any:
    import diffusers
    import torch

    from tests.tiny import parts, tokenizers

    with _on(device, torch.bfloat16):
        transformer = diffusers.FluxTransformer2DModel(guidance_embeds=True)
        vae = _autoencoder(16, 0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False)
        texts = parts.clip(hidden=768), parts.t5(4096)
    return diffusers.FluxPipeline(
        transformer=_ready(transformer, "proj_out"), vae=_ready(vae), scheduler=parts.Flow(**parts.FLUX_FLOW),
        text_encoder=_ready(texts[0]), tokenizer=tokenizers.clip(), text_encoder_2=_ready(texts[1]),
        tokenizer_2=tokenizers.t5(),
    )  # fmt: skip


def _qwen(device: str) -> Any:
    import diffusers
    import torch

    from tests.tiny import parts, tokenizers

    with _on(device, torch.bfloat16):
        transformer = diffusers.QwenImageTransformer2DModel()
        vae = diffusers.AutoencoderKLQwenImage()
        text = parts.qwen25vl(3584, (224, 336, 336))
    return diffusers.QwenImagePipeline(
        transformer=_ready(transformer, "proj_out"), vae=_ready(vae), scheduler=parts.Flow(**parts.FLUX_FLOW),
        text_encoder=_ready(text), tokenizer=tokenizers.qwen(),
    )  # fmt: skip


def _autoencoder(channels: int, scale: float, **more: Any) -> Any:
    import diffusers

    return diffusers.AutoencoderKL(
        block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=channels, scaling_factor=scale,
        sample_size=1024, **more,
    )  # fmt: skip


BUILDERS: dict[str, Callable[[str], Any]] = {"sd15": _sd15, "sdxl": _sdxl, "flux": _flux, "qwen": _qwen}
