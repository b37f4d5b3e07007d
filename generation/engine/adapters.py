"""LoRAs applied to a loaded model and removed again, without reloading the model."""

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers.utils.peft_utils import recurse_remove_peft_layers
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import safe_open
from safetensors.torch import load_file

from ..downloads import chosen_file
from ..errors import ModelError, Sentence
from ..families import family_of
from ..model_file import DENOISERS, Kind, inspect
from ..types import LoraSpec, Request
from .loaded_models import LoadedModel
from .lora_names import renamed
from .weighted_prompts import Inversion

log = logging.getLogger(__name__)

KEPT = 8  # adapters that a model keeps ready; they are small, but not nothing
LOADED = ("LoRA", "DoRA")  # kinds that diffusers can load
#: the half of a pair that has a row for each output, by every trainer's name for it
UP = re.compile(r"(?:lora_up|lora_B|lora\d?\.up|lora_linear_layer\.up)(?:\.\w+)?\.weight$")


#: what comes of a file that is missing or of another build, and of a pipeline that takes none
UNREAD = (OSError, ValueError, RuntimeError, KeyError, AttributeError, IndexError, TypeError, ModelError)


@contextmanager
def adapted(model: LoadedModel, asked: Sequence[tuple[str, float]]) -> Iterator[list[Sentence]]:
    """Apply the LoRAs with these ids at these weights while the block runs; gives what is to be said of them.

    Nothing else may run on the model, or on modules that it shares, meanwhile. Raises ModelError if one does not fit.
    """
    known = {lora.id: lora for lora in model.spec.loras}
    loras = [(known[name], weight) for name, weight in asked if not _is_inversion(model, known[name])]
    if not loras:
        yield []
        return
    names = [_name(model, lora) for lora, _ in loras]
    try:
        notes = [note for name, (lora, _) in zip(names, loras, strict=True) for note in _ready(model, name, lora)]
        model.pipeline.enable_lora()
        model.pipeline.set_adapters(names, [weight for _, weight in loras])
        yield notes
    finally:
        if model.adapters:
            model.pipeline.disable_lora()


def inversions(model: LoadedModel, request: Request) -> list[Inversion]:
    """The textual inversions among the LoRAs that a request asks for. Raises ModelError if one cannot be used."""
    known = {lora.id: lora for lora in model.spec.loras}
    return [model.inversions[name] for name, _ in request.loras if _is_inversion(model, known[name])]


def _is_inversion(model: LoadedModel, lora: LoraSpec) -> bool:
    """Whether it is a textual inversion, which then is in ``model.inversions``."""
    if lora.id in model.inversions:
        return True
    with _fitting(model, lora):
        path = chosen_file(lora, offline=True)
        if inspect(path).kind is not Kind.EMBEDDING:
            return False
        if not family_of(model.spec).weighs_prompts:
            raise ValueError(f"{path} is a textual inversion, which models of {model.spec.family} do not know")
        model.inversions[lora.id] = Inversion.load(path, lora.triggers[0] if lora.triggers else lora.id)
    return True


@contextmanager
def _fitting(model: LoadedModel, lora: LoraSpec) -> Iterator[None]:
    """Turn what goes wrong with a LoRA into ModelError; the reason stands in the log."""
    try:
        yield
    except UNREAD as error:
        log.exception("the LoRA %s cannot be put onto %s", lora.id, model.spec.id)
        _remove(model, _name(model, lora))
        raise ModelError(
            "The LoRA {lora} cannot be put onto {model}; leave it out.", lora=lora.title, model=model.spec.title
        ) from error


def _ready(model: LoadedModel, name: str, lora: LoraSpec) -> list[Sentence]:
    """Load the adapter unless it is loaded already; the least recently used is removed for it."""
    if name in model.adapters:
        model.adapters.remove(name)
        model.adapters.append(name)
        return []
    with _fitting(model, lora):
        path = _checked(chosen_file(lora, offline=True))
        try:
            # From its folder and by its name: so its own settings are read, and nobody is asked which file is meant.
            _load(model, name, str(path.parent), weight_name=path.name, use_safetensors=True, local_files_only=True)
        except UNREAD:
            found = _renamed(model, path)
            if found is None:
                raise
            _remove(model, name)
            _load(model, name, found)
    model.adapters.append(name)
    if len(model.adapters) > KEPT:
        _remove(model, model.adapters.pop(0))
    return _unused(model, name, lora, path)


def _load(model: LoadedModel, name: str, weights: str | dict[str, torch.Tensor], **options: Any) -> None:
    """Load an adapter's weights. Raises what diffusers and peft do, and ValueError if none are for the model."""
    model.pipeline.load_lora_weights(weights, adapter_name=name, **options)
    if not any(name in names for names in model.pipeline.get_list_adapters().values()):
        raise ValueError(f"{name} has no weights for {type(model.pipeline).__name__}")


def _renamed(model: LoadedModel, path: Path) -> dict[str, torch.Tensor] | None:
    """The file's weights under names that diffusers reads; None if they are for another model."""
    tensors, parts = load_file(path), model.pipeline.components
    return next((renamed(tensors, name, parts[name]) for name in DENOISERS if parts.get(name) is not None), None)


def _checked(path: Path) -> Path:
    """The file, if it is an adapter of finite numbers. Raises ValueError if it is not."""
    found = inspect(path)
    if found.kind is not Kind.ADAPTER or found.adapter not in LOADED:
        raise ValueError(f"{path} is {found.describe()}; {' and '.join(LOADED)} are loaded")
    with safe_open(path, "pt") as weights:
        for key in weights.keys():  # noqa: SIM118 - no mapping
            if not torch.isfinite(weights.get_tensor(key).float()).all():
                raise ValueError(f"{path}: {key} holds numbers that are none; it was spoiled in training")
    return path


def _unused(model: LoadedModel, name: str, lora: LoraSpec, path: Path) -> list[Sentence]:
    """Say how much of the file did not find its place: libraries drop what they do not know without a word.

    Counted are outputs, since layers may be split or joined on the way, and their outputs are not.
    """
    with safe_open(path, "pt") as weights:
        held = sum(weights.get_slice(key).get_shape()[0] for key in weights.keys() if UP.search(key))  # noqa: SIM118
    used = sum(layer.lora_B[name].weight.shape[0] for layer in _layers(model.pipeline) if name in layer.lora_B)
    if used >= held:
        return []
    share = max(1, round(100 * (1 - used / held)))
    log.warning("%d%% of the LoRA %s do not fit %s and are not used", share, lora.id, model.spec.id)
    params = {"share": share, "lora": lora.title, "model": model.spec.title}
    return [Sentence("{share}% of the LoRA {lora} does not fit {model} and is not used.", params)]


def _remove(model: LoadedModel, name: str) -> None:
    """Take an adapter off every module, also if its loading broke off half-way."""
    for layer in _layers(model.pipeline):
        if name in layer.lora_A or name in layer.lora_embedding_A:
            layer.delete_adapter(name)
    for part in _modules(model.pipeline):
        if name not in getattr(part, "peft_config", {}):
            continue
        del part.peft_config[name]
        if not part.peft_config:
            recurse_remove_peft_layers(part)
            del part.peft_config
            part._hf_peft_config_loaded = False


def _modules(pipeline: Any) -> list[torch.nn.Module]:
    return [part for part in pipeline.components.values() if isinstance(part, torch.nn.Module)]


def _layers(pipeline: Any) -> Iterator[Any]:
    """The layers that may carry adapters."""
    for part in _modules(pipeline):
        for layer in part.modules():
            if isinstance(layer, BaseTunerLayer) and hasattr(layer, "lora_B"):
                yield layer


def _name(model: LoadedModel, lora: LoraSpec) -> str:
    """Return a name unique to the model, since text encoders that models share may carry both."""
    return "".join(letter if letter.isalnum() else "_" for letter in f"{model.spec.id}__{lora.id}")
