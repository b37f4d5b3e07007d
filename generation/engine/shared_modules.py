"""Text encoders and autoencoders that several models have in common, loaded once."""

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
    """Modules in memory by their fingerprints; they are freed with the last model that has them."""

    _modules: WeakValueDictionary[str, torch.nn.Module]

    def __init__(self) -> None:
        """Start with no module."""
        self._modules = WeakValueDictionary()

    def find(self, names: Mapping[str, str]) -> dict[str, Any]:
        """Return those of the components (names to fingerprints) that are in memory."""
        return {name: module for name, key in names.items() if (module := self._modules.get(key)) is not None}

    def remember(self, pipeline: Any, names: Mapping[str, str]) -> None:
        """Remember a pipeline's components by their fingerprints."""
        for name, key in names.items():
            self._modules[key] = getattr(pipeline, name)


def fingerprints(folder: Path, precision: str) -> dict[str, str]:
    """Return what identifies each component that may be shared: class, configuration, weights, precision."""
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
    """Return the SHA-256 of a file; the hub's cache names large files by it."""
    if file.parent.name == "blobs":
        return file.name
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
