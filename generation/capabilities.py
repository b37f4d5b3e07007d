"""Which of a family's tasks weights can do, whatever an entry says: by their inputs and parts. Blocks; no torch."""

import json
from pathlib import Path
from typing import Any

from .model_file import ModelFile
from .types import Task

#: what a denoiser takes beside the latents, in channels, and what it was made for
EXTRA = {5: frozenset({Task.INPAINT}), 4: frozenset({Task.EDIT})}
#: FLUX.1's: 64 channels of packed latents, and the kept part with its mask, or a drawing to follow
FLUX = {384: frozenset({Task.INPAINT}), 128: frozenset[Task]()}
REFINING = frozenset({Task.IMG2IMG, Task.INPAINT})


def of_file(found: ModelFile) -> frozenset[Task] | None:
    """The only tasks that a file's weights can do; None if they set no limit."""
    if found.family == "flux":
        return FLUX.get(found.channels)
    if "refiner" in found.build:
        return REFINING
    return EXTRA.get(found.extra_channels)


def of_folder(folder: Path) -> frozenset[Task] | None:
    """The same of a checkpoint in diffusers' layout; None, too, if it cannot be read."""
    index, unet = _json(folder / "model_index.json"), _json(folder / "unet" / "config.json")
    if "XL" in str(index.get("_class_name")) and (index.get("text_encoder") or [None])[0] is None:
        return REFINING
    if unet:
        return EXTRA.get(int(unet.get("in_channels", 4)) - int(unet.get("out_channels", 4)))
    transformer = _json(folder / "transformer" / "config.json")
    if transformer.get("_class_name") == "FluxTransformer2DModel":
        return FLUX.get(int(transformer.get("in_channels", 64)))
    return None


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
