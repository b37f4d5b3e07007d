"""A Stable Diffusion checkpoint in one file, with the names that its first code gave to the weights."""

from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor

RESNET = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
UNET = {
    "time_embedding.linear_1.": "time_embed.0.", "time_embedding.linear_2.": "time_embed.2.",
    "conv_in.": "input_blocks.0.0.", "conv_norm_out.": "out.0.", "conv_out.": "out.2.",
    "mid_block.resnets.0.": "middle_block.0.", "mid_block.attentions.0.": "middle_block.1.",
    "mid_block.resnets.1.": "middle_block.2.",
}  # fmt: skip
ATTENTION = {"group_norm.": "norm.", "to_q.": "q.", "to_k.": "k.", "to_v.": "v.", "to_out.0.": "proj_out."}


def single_file(folder: Path, file: Path) -> Path:
    """Save the checkpoint of a folder into one file."""
    unet = load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
    vae = load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")
    text = load_file(folder / "text_encoder" / "model.safetensors")
    whole = {f"model.diffusion_model.{_unet(name)}": tensor for name, tensor in unet.items()}
    whole |= dict(_vae(name, tensor) for name, tensor in vae.items())
    whole |= {f"cond_stage_model.transformer.text_model.{name}": tensor for name, tensor in text.items()}
    save_file({name: tensor.contiguous() for name, tensor in whole.items()}, file)
    return file


def _unet(name: str, layers: int = 1) -> str:
    for ours, theirs in UNET.items():
        if name.startswith(ours):
            return _inner(name.replace(ours, theirs, 1))
    side, block, kind, place, *rest = name.split(".")
    here, number = int(block), int(place)
    if side == "down_blocks":
        index = (layers + 1) * here + (layers + 1 if kind == "downsamplers" else number + 1)
        part = {"resnets": "0", "attentions": "1", "downsamplers": "0"}[kind]
        return _inner(f"input_blocks.{index}.{part}." + ".".join(rest).replace("conv.", "op.", kind == "downsamplers"))
    index = (layers + 1) * here + (layers if kind == "upsamplers" else number)
    part = {"resnets": "0", "attentions": "1", "upsamplers": "1" if here == 0 else "2"}[kind]
    return _inner(f"output_blocks.{index}.{part}." + ".".join(rest))


def _inner(name: str) -> str:
    for ours, theirs in RESNET.items():
        if f".{ours}." in name and "transformer_blocks" not in name:
            return name.replace(f".{ours}.", f".{theirs}.")
    return name


def _vae(name: str, tensor: Tensor, blocks: int = 4) -> tuple[str, Tensor]:
    parts = name.split(".")
    if parts[1] in ("down_blocks", "up_blocks"):
        level = int(parts[2]) if parts[1] == "down_blocks" else blocks - 1 - int(parts[2])
        inner = {"resnets": f"block.{parts[4]}", "downsamplers": "downsample", "upsamplers": "upsample"}[parts[3]]
        name = ".".join([parts[0], parts[1].removesuffix("_blocks"), str(level), inner, *parts[5:]])
    elif parts[1] == "mid_block" and parts[2] == "resnets":
        name = ".".join([parts[0], "mid", f"block_{int(parts[3]) + 1}", *parts[4:]])
    elif parts[1] == "mid_block":
        name = ".".join([parts[0], "mid.attn_1", *parts[4:]])
        for ours, theirs in ATTENTION.items():
            name = name.replace(ours, theirs)
        if tensor.ndim == 2:
            tensor = tensor[:, :, None, None]
    name = name.replace("conv_shortcut", "nin_shortcut").replace("conv_norm_out", "norm_out")
    return f"first_stage_model.{name}", tensor
