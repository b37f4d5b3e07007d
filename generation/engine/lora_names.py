"""LoRA weights under the names that diffusers' loaders read, where a trainer wrote them under others."""

import re
from collections import defaultdict
from collections.abc import Mapping

import torch

#: a weight's layer, and which of a pair's halves it is
KEY = re.compile(r"(?P<layer>.+?)\.(?:(?P<half>lora[._](?:A|B|down|up))(?:\.\w+)?\.weight|(?P<alpha>alpha))$")
DOWN = ("lora_A", "lora_down", "lora.down")
#: what trainers put before a layer's name
PREFIX = re.compile(
    r"^(?:base_model\.model\.)?(?:model\.)?(?:diffusion_model\.|unet\.|transformer\.|lora_unet_|lora_transformer_|lycoris_)?"
)
BFL = re.compile(r"(?:double|single)_blocks\.\d+\.")  # layers of FLUX.1 as its makers name them

Tensors = Mapping[str, torch.Tensor]


def renamed(tensors: Tensors, part: str, module: torch.nn.Module) -> dict[str, torch.Tensor] | None:
    """Return LoRA weights for a denoiser, which the pipeline calls ``part``, under its layers' own names.

    Layers in FLUX.1's first names are called as kohya calls them, whom diffusers understands. None if a weight is for
    no layer of it, or is no half of a LoRA's pair.
    """
    layers: defaultdict[str, dict[str, torch.Tensor]] = defaultdict(dict)
    for key, tensor in tensors.items():
        match = KEY.match(key)
        if match is None:
            return None
        half = "alpha" if match["alpha"] else "down" if match["half"] in DOWN else "up"
        layers[PREFIX.sub("", match["layer"])][half] = tensor
    if any(not {"down", "up"} <= halves.keys() for halves in layers.values()):
        return None
    if all(BFL.match(layer) for layer in layers):
        return _as_kohya(layers)
    known = {name.removesuffix(".base_layer") for name, _ in module.named_modules()}
    places = {name.replace(".", "_"): name for name in known} | {name: name for name in known}
    if not all(layer in places for layer in layers):
        return None
    found: dict[str, torch.Tensor] = {}
    for layer, halves in layers.items():
        name = f"{part}.{places[layer]}"
        found[f"{name}.lora_A.weight"] = halves["down"]
        found[f"{name}.lora_B.weight"] = halves["up"] * _scale(halves)
    return found


def _as_kohya(layers: Mapping[str, Tensors]) -> dict[str, torch.Tensor]:
    found: dict[str, torch.Tensor] = {}
    for layer, halves in layers.items():
        name = f"lora_unet_{layer.replace('.', '_')}"
        found[f"{name}.lora_down.weight"], found[f"{name}.lora_up.weight"] = halves["down"], halves["up"]
        found[f"{name}.alpha"] = halves.get("alpha", torch.tensor(float(len(halves["down"]))))
    return found


def _scale(halves: Tensors) -> float:
    """What a pair's product is multiplied with: its alpha by its rank; 1 without an alpha."""
    return float(halves["alpha"]) / len(halves["down"]) if "alpha" in halves else 1.0
