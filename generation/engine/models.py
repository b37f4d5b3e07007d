"""Loaded models: kept least recently used within a budget of memory."""

import gc
import logging
from collections import OrderedDict
from pathlib import Path
from typing import Any

import diffusers
import torch

from ..errors import ModelError
from ..types import ModelSpec
from .families import family_of
from .preview import LatentColours

log = logging.getLogger(__name__)


class LoadedModel:
    """A pipeline with its modules on the device, and the map for its previews."""

    def __init__(self, spec: ModelSpec, device: str) -> None:
        self.spec = spec
        self.pipeline = _load(spec, device)
        layout = family_of(spec).latents
        #: for previews; None where it is not known how the latents are laid out
        self.colours = LatentColours(self.pipeline.vae, layout) if layout else None


class Models:
    """The models that are loaded."""

    def __init__(self, device: str, budget: float) -> None:
        self._device = device
        #: GiB that all together may need, as the catalogue counts
        self._budget = budget
        self._loaded: OrderedDict[str, LoadedModel] = OrderedDict()

    def get(self, spec: ModelSpec) -> LoadedModel:
        """The loaded model; loads it, and lets others go for it, where needed. Raises ModelError where it cannot."""
        if spec.id in self._loaded:
            self._loaded.move_to_end(spec.id)
            return self._loaded[spec.id]
        while self._loaded and sum(self._need(m.spec) for m in self._loaded.values()) + self._need(spec) > self._budget:
            gone, _ = self._loaded.popitem(last=False)
            log.info("let go of %s", gone)
            free_memory()
        self._loaded[spec.id] = LoadedModel(spec, self._device)
        log.info("loaded %s", spec.id)
        return self._loaded[spec.id]

    def _need(self, spec: ModelSpec) -> float:
        return self._budget if spec.memory is None else spec.memory

    def resident(self) -> frozenset[str]:
        """Ids of the models that are loaded."""
        return frozenset(self._loaded)


def free_memory() -> None:
    """Give back what is not used any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _load(spec: ModelSpec, device: str) -> Any:
    """The stock pipeline from a folder or a hub repository: safetensors only, no remote code."""
    dtype = torch.float32 if device == "cpu" else torch.float16
    try:
        pipeline = diffusers.DiffusionPipeline.from_pretrained(
            spec.source,
            dtype=dtype,
            revision=spec.revision,
            variant=spec.variant,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=Path(spec.source).is_absolute(),
        )
    except (OSError, ValueError) as error:
        log.exception("%s cannot be loaded from %s", spec.id, spec.source)
        raise ModelError("{model} cannot be loaded just now; choose another model.", model=spec.title) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)
