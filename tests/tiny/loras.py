"""LoRA files in other tools' formats for the tiny models, with random weights, as the training tools name them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from generation import LoraSpec, ModelSpec

RANK = 4

Tensors = dict[str, torch.Tensor]


def pipeline_of(model: ModelSpec) -> Any:
    import diffusers

    return diffusers.DiffusionPipeline.from_pretrained(model.source)


def kohya(module: Any, prefix: str, wanted: Callable[[str], bool], size: float = 0.5) -> Tensors:
    """Kohya's names: dots become underscores."""
    found: Tensors = {}
    for name, layer in module.named_modules():
        if isinstance(layer, torch.nn.Linear) and wanted(name):
            rows, columns = layer.weight.shape
            key = f"{prefix}_{name.replace('.', '_')}"
            found[f"{key}.lora_down.weight"] = torch.randn(RANK, columns) * size
            found[f"{key}.lora_up.weight"] = torch.randn(rows, RANK) * size
            found[f"{key}.alpha"] = torch.tensor(2.0)
    return found


def written(name: str, tensors: Mapping[str, torch.Tensor], family: str, folder: Path) -> LoraSpec:
    """A LoRA's entry, its file below ``folder``."""
    path = folder / f"{name}.safetensors"
    save_file({key: tensor.clone().contiguous() for key, tensor in tensors.items()}, path)
    return LoraSpec(id=name, title=name, family=family, source=str(path))
