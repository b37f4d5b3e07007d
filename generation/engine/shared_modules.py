"""Text encoders and autoencoders that several models have in common are loaded once."""

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import torch

from .loading import INDEX

SHARED = ("text_encoder", "text_encoder_2", "text_encoder_3", "vae")


class SharedModules:
    """Modules in memory by what they are made from; they go with the last model that has them."""

    def __init__(self) -> None:
        self._modules: WeakValueDictionary[str, torch.nn.Module] = WeakValueDictionary()

    def known(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Those of the components, by their fingerprints, that are in memory."""
        return {name: module for name, key in names.items() if (module := self._modules.get(key)) is not None}

    def learn(self, pipeline: Any, names: Mapping[str, str]) -> None:
        """Remember the pipeline's modules."""
        for name, key in names.items():
            self._modules[key] = getattr(pipeline, name)


def fingerprints(folder: Path, precision: str) -> dict[str, str]:
    """For each component that may be shared what identifies it: class, configuration, weights and precision."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    found = {}
    for name in SHARED:
        if (entry := index.get(name)) and entry[0] and (folder / name).is_dir():
            files = [*sorted((folder / name).glob("*.safetensors")), folder / name / "config.json"]
            contents = [_content(file.resolve(), file.stat().st_mtime_ns) for file in files]
            found[name] = json.dumps([entry, precision, [file.name for file in files], contents])
    return found


@cache
def _content(file: Path, _changed: int) -> str:
    """SHA-256 of a file; the hub's cache names large files by it."""
    if file.parent.name == "blobs":
        return file.name
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
