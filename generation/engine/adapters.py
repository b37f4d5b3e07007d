"""LoRAs applied to a loaded model and removed again, without reloading the model."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import ModelError
from ..types import LoraSpec
from .models import LoadedModel

log = logging.getLogger(__name__)

KEPT = 8  # adapters that a model keeps ready; they are small, but not nothing


@contextmanager
def adapted(model: LoadedModel, loras: Sequence[tuple[LoraSpec, float]]) -> Iterator[None]:
    """Apply these LoRAs at these weights while the block runs.

    Nothing else may run on the model, or on modules that it shares, meanwhile. Raises ModelError if one does not fit.
    """
    if not loras:
        yield
        return
    names = [_name(model, lora) for lora, _ in loras]
    try:
        for name, (lora, _) in zip(names, loras, strict=True):
            _ready(model, name, lora)
        model.pipeline.enable_lora()
        model.pipeline.set_adapters(names, [weight for _, weight in loras])
        yield
    finally:
        if getattr(model.pipeline, "disable_lora", None) and model.adapters:
            model.pipeline.disable_lora()


def _ready(model: LoadedModel, name: str, lora: LoraSpec) -> None:
    """Load the adapter unless it is loaded already; the least recently used is removed for it."""
    if name in model.adapters:
        model.adapters.remove(name)
        model.adapters.append(name)
        return
    source: dict[str, Any] = {"weight_name": lora.file, "revision": lora.revision}
    if Path(lora.source).is_file():
        source = {"weight_name": Path(lora.source).name}
    folder = Path(lora.source).parent if Path(lora.source).is_file() else lora.source
    try:
        model.pipeline.load_lora_weights(
            str(folder),
            adapter_name=name,
            use_safetensors=True,
            local_files_only=Path(lora.source).is_absolute(),
            **{key: value for key, value in source.items() if value},
        )
        if not any(name in names for names in model.pipeline.get_list_adapters().values()):
            raise ValueError(f"{lora.id} has no weights for {type(model.pipeline).__name__}")
    # A file that is missing or of another build, and a pipeline that takes none.
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, IndexError) as error:
        log.exception("the LoRA %s cannot be put onto %s", lora.id, model.spec.id)
        raise ModelError(
            "The LoRA {lora} cannot be put onto {model}; leave it out.", lora=lora.title, model=model.spec.title
        ) from error
    model.adapters.append(name)
    if len(model.adapters) > KEPT:
        model.pipeline.delete_adapters(model.adapters.pop(0))


def _name(model: LoadedModel, lora: LoraSpec) -> str:
    """Return a name unique to the model, since text encoders that models share may carry both."""
    return "".join(letter if letter.isalnum() else "_" for letter in f"{model.spec.id}__{lora.id}")
