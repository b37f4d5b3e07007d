"""Tiny checkpoints of the families, with random weights, saved in their standard layout: no hub is needed."""

import json
from dataclasses import replace
from pathlib import Path

from generation import ModelSpec
from generation.catalogue_files import read_models

from .checkpoints import CHECKPOINTS

__all__ = ["CHECKPOINTS", "catalogue_with_kontext", "spec", "write"]

#: parts under the names that real checkpoints give them: one that cannot even be imported without torchvision, and a
#: pipeline's class
SAVED_AS = {
    "flux2": {"tokenizer": ["transformers", "PixtralProcessor"]},
    "prx": {"text_encoder": ["prx", "T5GemmaEncoder"]},
    "prx_deep": {"text_encoder": ["prx", "T5GemmaEncoder"]},
}


def write(name: str, folder: Path) -> Path:
    """Save the checkpoint of that name, as safetensors, into a folder of its own below ``folder``."""
    target = folder / name
    if not target.exists():
        CHECKPOINTS[name][1]().save_pretrained(target)
        if name in SAVED_AS:
            index = json.loads((target / "model_index.json").read_text())
            (target / "model_index.json").write_text(json.dumps(index | SAVED_AS[name]))
    return target


def spec(name: str, folder: Path, **changed: object) -> ModelSpec:
    """The catalogue's entry for the checkpoint, which is written where it is not yet."""
    family, _, tasks = CHECKPOINTS[name]
    entry = {
        "id": f"tiny-{name.replace('_', '-')}", "family": family, "tasks": list(tasks), "memory": 0.1,
        "source": str(write(name, folder)), "limits": {"multiple": 16, "min_side": 32, "max_side": 2048},
    }  # fmt: skip
    if name == "sana_sprint":
        entry["schedulers"] = ["Default"]
    (found,) = read_models([entry], "tests", folder)
    return replace(found, **changed)  # type: ignore[arg-type]


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
    file.write_text(CATALOGUE.format(folder=write("flux_kontext", folder)))
    return file
