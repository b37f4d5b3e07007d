"""By which names of weights builds of models, adapters and their makers are known. Only the standard library.

The markers are those of the builds' own code, as diffusers' loaders (single_file_utils, lora_conversion_utils) and
ComfyUI's model detection use them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]

#: what single files put before the names of the denoiser's weights
PREFIXES = ("model.diffusion_model.", "diffusion_model.", "net.")

#: parts of a whole checkpoint by what their names begin with
PARTS = (
    ("vae", ("first_stage_model.", "vae.")),
    ("text_encoder", ("cond_stage_model.", "conditioner.embedders.0.", "text_encoders.clip_l.", "text_encoders.")),
    ("text_encoder_2", ("conditioner.embedders.1.", "text_encoders.clip_g.")),
    ("text_encoder_3", ("text_encoders.t5xxl.",)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Build:
    """A build of denoisers: all of ``names`` are among its weights."""

    family: str
    title: str
    names: tuple[str, ...]
    layout: str = "original"


BUILDS = (
    Build("flux2", "FLUX.2 dev", ("single_stream_modulation.lin.weight", "guidance_in.in_layer.weight")),
    Build("flux2_klein", "FLUX.2 Klein", ("single_stream_modulation.lin.weight",)),
    Build("flux2", "FLUX.2", ("single_stream_modulation.linear.weight",), "diffusers"),
    Build("", "FLUX.3", ("early_stream_modulations.image.lin.weight",)),
    Build("chroma", "Chroma", ("distilled_guidance_layer.in_proj.weight",)),
    Build("hunyuan_image", "HunyuanImage 2.1", ("double_blocks.0.img_attn_qkv.weight", "byt5_in.fc1.weight")),
    Build("", "HunyuanVideo (makes videos)", ("double_blocks.0.img_attn_qkv.weight",)),
    Build("flux", "FLUX.1", ("double_blocks.0.img_attn.qkv.weight",)),
    Build("flux", "FLUX.1", ("single_transformer_blocks.0.proj_mlp.weight", "context_embedder.weight"), "diffusers"),
    Build("stable_diffusion_3", "Stable Diffusion 3", ("joint_blocks.0.x_block.attn.qkv.weight",)),
    Build("stable_diffusion_3", "Stable Diffusion 3",
          ("transformer_blocks.0.attn.add_k_proj.weight", "pos_embed.proj.weight"), "diffusers"),
    Build("aura_flow", "AuraFlow", ("double_layers.0.attn.w1q.weight",)),
    Build("qwen_image_21", "Qwen-Image 2.1", ("txt_in.text_norm.weight",)),
    Build("krea2", "Krea 2", ("txtfusion.projector.weight",)),
    Build("nucleus_image", "Nucleus-Image",
          ("transformer_blocks.0.img_mod.1.weight", "transformer_blocks.0.encoder_proj.weight"), "diffusers"),
    Build("qwen_image", "Qwen-Image", ("transformer_blocks.0.img_mod.1.weight", "txt_norm.weight"), "diffusers"),
    Build("z_image", "Z-Image", ("layers.0.adaLN_modulation.0.weight", "cap_embedder.1.weight")),
    Build("lumina2", "Lumina Image 2", ("cap_embedder.0.weight", "layers.0.attention.qkv.weight")),
    Build("hidream_image", "HiDream I1", ("double_stream_blocks.0.block.adaLN_modulation.1.bias",)),
    Build("sana", "Sana", ("blocks.0.mlp.inverted_conv.conv.weight", "blocks.0.cross_attn.kv_linear.weight")),
    Build("sana", "Sana", ("transformer_blocks.0.ff.conv_depth.weight",), "diffusers"),
    Build("pixart", "PixArt", ("blocks.0.cross_attn.kv_linear.weight", "blocks.0.mlp.fc1.weight")),
    Build("prx", "PRX", ("blocks.0.attention.img_qkv_proj.weight", "blocks.0.attention.txt_kv_proj.weight"),
          "diffusers"),
    Build("omnigen", "OmniGen", ("patch_embedding.input_image_proj.weight",), "diffusers"),
    Build("", "OmniGen in its first names", ("input_x_embedder.proj.weight",)),
    Build("", "OmniGen2", ("time_caption_embed.timestep_embedder.linear_1.bias",)),
    Build("ernie_image", "ERNIE-Image", ("layers.0.mlp.linear_fc2.weight", "text_proj.weight"), "diffusers"),
    Build("", "Anima", ("llm_adapter.blocks.0.cross_attn.q_proj.weight",)),
    Build("", "Cosmos Predict 2 (makes videos)", ("blocks.0.mlp.layer1.weight", "x_embedder.proj.1.weight")),
    Build("", "Stable Cascade", ("clf.1.weight",)),
    Build("", "Wan (makes videos)", ("head.modulation",)),
    Build("", "LTX-Video (makes videos)", ("patchify_proj.weight",)),
)  # fmt: skip

#: U-Nets by the width of what they attend to: CLIP's hidden size, or both text encoders' together
UNETS = {
    768: ("stable_diffusion", "Stable Diffusion 1.5"),
    1024: ("stable_diffusion", "Stable Diffusion 2.x"),
    1280: ("stable_diffusion_xl", "Stable Diffusion XL refiner"),
    2048: ("stable_diffusion_xl", "Stable Diffusion XL"),
}
REFINER = UNETS[1280][1]
AUTOENCODER = re.compile(
    r"^(?:first_stage_model\.|vae\.)?(?:(?:en|de)coder\.conv_in|decoder\.(?:conv1|layers\.0))\.weight$", re.MULTILINE
)
#: networks that enlarge, those that can be loaded first
UPSCALERS = (
    ({"conv_first.weight", "body.0.rdb1.conv1.weight"}, "realesrgan", "Real-ESRGAN"),
    ({"body.0.weight", "body.1.weight", "body.2.bias"}, "realesrgan", "Real-ESRGAN"),
    ({"model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight"}, "", "ESRGAN in its first names"),
    ({"conv_first.weight", "conv_after_body.weight"}, "", "SwinIR or one of its kind"),
)
#: other parts that make no pictures by themselves, by what a name begins with or holds
HELPERS = (
    ("ControlNet", re.compile(r"^(?:control_model|controlnet_|control_all_x_embedder)", re.MULTILINE)),
    ("IP-Adapter", re.compile(r"^(?:ip_adapter|image_proj)\.", re.MULTILINE)),
    ("motion module", re.compile(r"\.motion_modules\.")),
    ("image encoder", re.compile(r"^vision_model\.", re.MULTILINE)),
)
#: what a U-Net takes beside the latents, in channels
EXTRA = {1: ", with depth", 3: " upscaler", 4: ", InstructPix2Pix", 5: ", inpainting"}

#: adapters by a part of their weights' names, one name a line
ADAPTERS = (
    ("DoRA", re.compile(r"\.(?:dora_scale|lora_magnitude_vector)")),
    ("LoHa", re.compile(r"\.hada_w\d_[ab]$", re.MULTILINE)),
    ("LoKr", re.compile(r"\.lokr_w\d")),
    ("GLoRA", re.compile(r"\.[ab]1\.weight$", re.MULTILINE)),
    ("(IA)³", re.compile(r"\.on_input$", re.MULTILINE)),
    ("OFT", re.compile(r"\.oft_(?:blocks|diag|R)")),
    ("LoRA", re.compile(r"[._](?:lora_(?:down|up|A|B)|lora[12]|lora\.(?:down|up)|lora_linear_layer\.(?:down|up))\.")),
    ("full difference", re.compile(r"\.diff(?:_b)?$", re.MULTILINE)),
)
TRAINERS = (
    ("x-labs", re.compile(r"^(?:double|single)_blocks\.\d+\.processor\.", re.MULTILINE)),
    ("LyCORIS", re.compile(r"^lycoris_", re.MULTILINE)),
    ("OneTrainer", re.compile(r"^lora_(?:transformer|prior_unet)_", re.MULTILINE)),
    ("kohya", re.compile(r"^lora_(?:unet|te\d?)_", re.MULTILINE)),
    ("ai-toolkit or ComfyUI", re.compile(r"^diffusion_model\.", re.MULTILINE)),
    ("diffusers", re.compile(r"^(?:unet|transformer|text_encoder\w*)\.", re.MULTILINE)),
    ("PEFT", re.compile(r"^base_model\.model\.", re.MULTILINE)),
)
#: what an adapter is for, by a part of a name; dots and underscores are the same here
BASES = (
    ("flux2", "FLUX.2", re.compile(r"single.stream.modulation|double.stream.modulation")),
    ("chroma", "Chroma", re.compile(r"distilled.guidance.layer")),
    ("hunyuan_image", "HunyuanImage 2.1", re.compile(r"double.blocks.\d+.img.attn.qkv(?!.*img.attn.qkv).*byt5")),
    ("aura_flow", "AuraFlow", re.compile(r"joint.transformer.blocks")),
    ("flux", "FLUX.1", re.compile(r"(?:double|single).blocks.\d+.|single.transformer.blocks.\d+")),
    ("stable_diffusion_3", "Stable Diffusion 3", re.compile(r"joint.blocks.\d+.")),
    ("qwen_image", "Qwen-Image", re.compile(r"transformer.blocks.\d+.(?:img|txt).(?:mod|mlp)")),
    ("z_image", "Z-Image", re.compile(r"(?:^|.)layers.\d+.attention.(?:to.q|qkv)|noise.refiner|context.refiner")),
    ("krea2", "Krea 2", re.compile(r"txtfusion.")),
    ("", "Wan (makes videos)", re.compile(r"(?:^|[^m]\.)blocks.\d+.(?:self|cross).attn.[qkvo](?:\.|$)", re.MULTILINE)),
    ("hidream_image", "HiDream I1", re.compile(r"double.stream.blocks")),
)
#: the half of a pair that has a column for each input
DOWN = re.compile(r"(?:lora_down|lora_A|lora\.down)\.")
#: other models whose layers have FLUX.1's names, by the width of what their text encoders give
FLUX_TEXT = {3584: ("longcat_image", "LongCat-Image"), 2048: ("ovis_image", "Ovis-Image")}
LUMINA2_WIDTH = 2304  # of the layers that Z-Image's are named after
FLUX_BLOCKS = 19  # with both pictures and words, whose attention is named and as wide as that of Qwen-Image's 60
#: models whose layers have FLUX.1's names, by their width; 3072 wide are FLUX.1 and the smaller Klein
FLUX_WIDTHS = {
    6144: ("flux2", "FLUX.2"), 4096: ("flux2_klein", "FLUX.2 Klein"), 3584: ("hunyuan_image", "HunyuanImage 2.1"),
}  # fmt: skip
SANA_WIDTH = 2240  # of what its larger models attend to words with; no U-Net's
ARCHITECTURES = (  # of modelspec.architecture and ss_base_model_version
    ("stable-diffusion-xl", "stable_diffusion_xl", "Stable Diffusion XL"),
    ("sdxl", "stable_diffusion_xl", "Stable Diffusion XL"),
    ("stable-diffusion-v1", "stable_diffusion", "Stable Diffusion 1.5"),
    ("sd_v1", "stable_diffusion", "Stable Diffusion 1.5"),
    ("stable-diffusion-v2", "stable_diffusion", "Stable Diffusion 2.x"),
    ("sd_v2", "stable_diffusion", "Stable Diffusion 2.x"),
    ("stable-diffusion-3", "stable_diffusion_3", "Stable Diffusion 3"),
    ("sd3", "stable_diffusion_3", "Stable Diffusion 3"),
    ("flux-2", "flux2", "FLUX.2"),
    ("flux", "flux", "FLUX.1"),
    ("qwen", "qwen_image", "Qwen-Image"),
    ("zimage", "z_image", "Z-Image"),
    ("z-image", "z_image", "Z-Image"),
)


def recognise(shapes: Shapes, metadata: Mapping[str, str]) -> dict[str, Any]:
    """What weights of these names and shapes are, as ModelFile's fields; ``kind`` is there always."""
    if adapter := _adapter(shapes, metadata):
        return adapter
    if _is_embedding(shapes):
        family, build = _embedded_for(shapes)
        return {"kind": "textual inversion", "family": family, "build": build}
    names = "\n".join(shapes)
    if helper := next((kind for kind, form in HELPERS if form.search(names)), None):
        return {"kind": helper}
    for marks, family, build in UPSCALERS:
        if marks <= shapes.keys():
            return {"kind": "upscaler", "family": family, "build": build}
    parts = tuple(part for part, starts in PARTS if any(name.startswith(starts) for name in shapes))
    inner = _denoiser(shapes)
    facts = (_unet(shapes, inner) if _is_unet(inner) else _transformer(inner)) | _quantisation(shapes)
    if facts.get("layout"):
        whole = bool(parts)
        return {"kind": "checkpoint" if whole else "denoiser", "parts": ("denoiser", *parts) if whole else (), **facts}
    if AUTOENCODER.search(names):
        return {"kind": "autoencoder"}
    if any(name.endswith(("token_embedding.weight", "embed_tokens.weight", "shared.weight")) for name in shapes):
        return {"kind": "text encoder"}
    return {"kind": "weights of an unknown build", **_quantisation(shapes)}


def _denoiser(shapes: Shapes) -> Shapes:
    """The denoiser's weights without what a single file puts before their names."""
    for prefix in PREFIXES:
        inner = {name.removeprefix(prefix): shape for name, shape in shapes.items() if name.startswith(prefix)}
        if inner:
            return inner
    return shapes


def _is_unet(inner: Shapes) -> bool:
    return "input_blocks.0.0.weight" in inner or {"conv_in.weight", "time_embedding.linear_1.weight"} <= inner.keys()


def _unet(shapes: Shapes, inner: Shapes) -> dict[str, Any]:
    widths = [shape[-1] for name, shape in inner.items() if name.endswith("attn2.to_k.weight")]
    family, build = UNETS.get(widths[0] if widths else 0, ("stable_diffusion", "Stable Diffusion"))
    # Models of the same build in other widths are known by their text encoders' names, or by what XL's U-Net has more.
    if any(name.startswith("conditioner.embedders.1.") for name in shapes):
        family, build = UNETS[2048]
    elif any(name.startswith("conditioner.embedders.0.model.") for name in shapes):
        family, build = UNETS[1280]
    elif build == "Stable Diffusion" and {"label_emb.0.0.weight", "add_embedding.linear_1.weight"} & inner.keys():
        family, build = UNETS[2048]
    if any(name.endswith(".depthwise.weight") for name in inner):
        family, build = "dreamlite", "DreamLite"
    if "encoder_hid_proj.weight" in inner:
        family, build = "", "Kolors"
    if "edm_mean" in shapes:
        build = "Playground 2.5"
    first = inner.get("input_blocks.0.0.weight") or inner["conv_in.weight"]
    last = inner.get("out.2.weight") or inner.get("conv_out.weight") or (4,)
    channels = first[1] if len(first) > 1 else 0
    extra = channels - last[0] if channels else 0
    return {
        "family": "instruct_pix2pix" if extra == 4 else family,
        "build": build + EXTRA.get(extra, ""),
        "channels": channels,
        "extra_channels": extra,
        "layout": "original" if "input_blocks.0.0.weight" in inner else "diffusers",
        "v_prediction": "v_pred" in shapes,
        "zero_snr": "ztsnr" in shapes,
    }


def _transformer(inner: Shapes) -> dict[str, Any]:
    build = next((build for build in BUILDS if all(name in inner for name in build.names)), None)
    if build is None:
        return {}
    family, title, first = build.family, build.title, inner.get("img_in.weight") or inner.get("x_embedder.weight") or ()
    channels = first[1] if len(first) > 1 else 0
    if build.title == "Chroma" and any(name.startswith("nerf_") for name in inner):
        family, title = "", "Chroma Radiance"
    if build.title == "FLUX.1":
        guided = any(name.startswith(("guidance_in.", "time_text_embed.guidance_embedder.")) for name in inner)
        kinds = {384: " Fill, inpainting", 128: " Depth or Canny"}
        title += kinds.get(channels, " dev, or made of it" if guided else " schnell, or made of it")
        text = inner.get("txt_in.weight") or inner.get("context_embedder.weight") or (0,)
        if text[-1] in FLUX_TEXT:
            family, title = FLUX_TEXT[text[-1]]
    return {"family": family, "build": title, "layout": build.layout, "channels": channels}


def _quantisation(shapes: Shapes) -> dict[str, str]:
    if any(name.endswith(".weight_scale_2") for name in shapes):
        return {"quantisation": "fp4 with scales, as ComfyUI writes it"}
    if any(
        name.endswith((".scale_weight", ".weight_scale", ".comfy_quant")) or name == "scaled_fp8" for name in shapes
    ):
        return {"quantisation": "fp8 with scales, as ComfyUI writes it"}
    if any(".quant_state.bitsandbytes" in name for name in shapes):
        return {"quantisation": "4 bits of bitsandbytes"}
    if any(name.endswith((".qweight", ".wscales")) for name in shapes):
        return {"quantisation": "4 bits of SVDQuant (nunchaku)"}
    return {}


def _is_embedding(shapes: Shapes) -> bool:
    """A textual inversion: one or a few rows for each text encoder, by Automatic1111's, ComfyUI's or any name."""
    if {"emb_params", "clip_l", "clip_g"} & shapes.keys():
        return True
    return 0 < len(shapes) <= 2 and all(
        not name.endswith((".weight", ".bias")) and 1 <= len(shape) <= 2 and shape[-1] in UNETS
        for name, shape in shapes.items()
    )


def _embedded_for(shapes: Shapes) -> tuple[str, str]:
    widths = {shape[-1] for shape in shapes.values() if shape}
    return UNETS[2048] if widths == {768, 1280} else UNETS.get(min(widths, default=0), ("", ""))


def _adapter(shapes: Shapes, metadata: Mapping[str, str]) -> dict[str, Any] | None:
    names = "\n".join(shapes)
    kind = next((kind for kind, marks in ADAPTERS if marks.search(names)), None)
    if kind is None:
        return None
    trainer = next((title for title, form in TRAINERS if form.search(names)), "")
    family, build = _base(shapes, metadata)
    triggers = tuple(word.strip() for word in metadata.get("modelspec.trigger_phrase", "").split(",") if word.strip())
    return {"kind": "adapter", "adapter": kind, "trainer": trainer, "family": family, "build": build,
            "triggers": triggers}  # fmt: skip


def _base(shapes: Shapes, metadata: Mapping[str, str]) -> tuple[str, str]:
    """What an adapter is for: by its names and widths, which do not lie, else by what it says of itself."""
    names = "\n".join(shapes).replace("_", ".")
    found = next(((family, build) for family, build, form in BASES if form.search(names)), None)
    inner = {shape[1] for name, shape in shapes.items() if DOWN.search(name) and len(shape) > 1}
    if found == ("flux", "FLUX.1"):
        return next((base for width, base in FLUX_WIDTHS.items() if width in inner), found)
    if found == ("z_image", "Z-Image") and LUMINA2_WIDTH in inner:
        return "lumina2", "Lumina Image 2"
    if found:
        return found
    if blocks := re.findall(r"transformer\.blocks\.(\d+)\.attn\.add\.[qkv]\.proj", names):
        return _by_attention(inner, max(map(int, blocks)))
    widths = [
        shape[1]
        for name, shape in shapes.items()
        if re.search(r"attn2[._](?:processor[._])?to[._]k[._].*(?:down|lora_A|lora\.down)", name) and len(shape) > 1
    ]
    if widths and widths[0] in {**UNETS, SANA_WIDTH: ""}:
        return UNETS.get(widths[0], ("sana", "Sana"))
    if any(name.startswith(("lora_te2_", "text_encoder_2.")) for name in shapes):
        return UNETS[2048]
    said = f"{metadata.get('modelspec.architecture', '')} {metadata.get('ss_base_model_version', '')}".lower()
    for word, family, build in ARCHITECTURES:
        if word in said:
            return family, build
    if any(re.search(r"(?:down|input)[._]blocks", name) for name in shapes):
        return "stable_diffusion", "Stable Diffusion"
    return "", ""


def _by_attention(widths: set[int], last: int) -> tuple[str, str]:
    """What an adapter of nothing but attention between pictures and words is for, by its width and its last block."""
    if 3072 not in widths:
        return "stable_diffusion_3", "Stable Diffusion 3"
    return ("qwen_image", "Qwen-Image") if last >= FLUX_BLOCKS else ("", "")
