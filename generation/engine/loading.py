"""Loads a stock pipeline from a folder, a hub repository or a single file: safetensors or GGUF only, no remote code."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import torch
from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # of the HTTP client that it uses

from .. import capabilities
from ..catalogue_files import SAFE
from ..downloads import autoencoder_folder, chosen_file, is_of_hub
from ..errors import ModelError
from ..model_file import UNUSED
from ..types import Loading, LoraSpec, ModelSpec, Precision, Task
from .load_policy import parameters, quantised_components
from .processors import complete, substitutes
from .single_file import INDEX, SingleFile, found_in
from .upscale import FAMILY, weights_of

log = logging.getLogger(__name__)

PRECISIONS = {Precision.FP32: torch.float32, Precision.FP16: torch.float16, Precision.BF16: torch.bfloat16}


#: what files, networks and libraries raise that are not as they should be
BROKEN = (OSError, ValueError, ImportError, RuntimeError, KeyError, AttributeError, IndexError, TypeError, HTTPError)


@contextmanager
def lora_errors(lora: LoraSpec) -> Iterator[None]:
    """Turn errors of downloading a LoRA into ModelError; the reason is logged."""
    try:
        yield
    except (*BROKEN, ModelError) as error:
        log.exception("the LoRA %s cannot be had from %s", lora.id, lora.source)
        raise ModelError("The LoRA {lora} cannot be loaded right now; leave it out.", lora=lora.title) from error


@contextmanager
def loading_errors(spec: ModelSpec) -> Iterator[None]:
    """Turn errors of loading a model into ModelError; the reason is logged."""
    try:
        yield
    # Causes are outside: missing or broken files, no network, libraries that are not installed.
    except BROKEN as error:
        if isinstance(error, (torch.OutOfMemoryError, torch.AcceleratorError)):
            raise
        log.exception("%s cannot be loaded from %s", spec.id, spec.source)
        raise ModelError("{model} cannot be loaded right now; choose another model.", model=spec.title) from error


def load(spec: ModelSpec, loading: Loading, parts: Mapping[str, Any]) -> Any:
    """Return the pipeline, its modules in the host's memory; ``parts`` are components that are there already.

    Its files must be on the disk: see ensure_downloaded.
    """
    options: dict[str, Any] = {"dtype": PRECISIONS[loading.precision or Precision.FP32], **parts}
    if spec.vae and "vae" not in parts:
        options["vae"] = _autoencoder(spec.vae, options["dtype"])
    quantised: dict[str, Any] = {}
    if loading.quantised:
        components = quantised_components(sizes(spec))
        quantised = {"quantization_config": bitsandbytes(loading.quantised, components)}
    if is_single(spec):
        single = SingleFile(spec, offline=True)
        if single.is_whole:
            return single.pipeline({**options, **quantised})
        return _from_folder(single.folder, spec, {**options, **single.components(options["dtype"], quantised)})
    return _from_folder(fetched(spec), spec, {**options, **quantised})


def _from_folder(folder: Path, spec: ModelSpec, options: Mapping[str, Any]) -> Any:
    pipeline = diffusers.DiffusionPipeline.from_pretrained(
        folder,
        variant=_variant(folder, spec),
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
        **{**_unused(folder), **substitutes(folder), **options},
    )
    return complete(pipeline, folder)


def _autoencoder(source: str, dtype: torch.dtype) -> Any:
    folder = autoencoder_folder(source, offline=True)
    class_name = json.loads((folder / "config.json").read_text(encoding="utf-8"))["_class_name"]
    made = getattr(diffusers, class_name).from_pretrained(folder, use_safetensors=True, local_files_only=True)
    return made.to(dtype)


def fetched(spec: ModelSpec, *, offline: bool = True) -> Path:
    """Return the folder of the checkpoint; downloads it unless ``offline``."""
    if Path(spec.source).is_absolute():
        return Path(spec.source)
    return Path(
        diffusers.DiffusionPipeline.download(
            spec.source,
            revision=spec.revision,
            variant=spec.variant,
            use_safetensors=True,
            trust_remote_code=False,
            local_files_only=offline,
            **dict.fromkeys(UNUSED),
        )
    )


def ensure_downloaded(spec: ModelSpec | LoraSpec) -> None:
    """Download the files of a model or LoRA unless they are on the disk. Raises ModelError if that fails."""
    if isinstance(spec, LoraSpec):
        with lora_errors(spec):
            chosen_file(spec, offline=False)
        return
    with loading_errors(spec):
        if spec.family == FAMILY:
            weights_of(spec, offline=False)
        elif is_single(spec):
            SingleFile(spec, offline=False)
        else:
            fetched(spec, offline=False)
        if spec.vae:
            autoencoder_folder(spec.vae, offline=False)


def needs_download(spec: ModelSpec | LoraSpec) -> bool:
    """Whether files of the model may have to be downloaded."""
    return is_of_hub(spec) or (
        isinstance(spec, ModelSpec) and (bool(spec.base or spec.vae) or spec.source.endswith(SAFE))
    )


def sizes(spec: ModelSpec) -> dict[str, int]:
    """Return how many parameters each component of the model has, or all together if they are in one file."""
    if not is_single(spec):
        return parameters(fetched(spec))
    single = SingleFile(spec, offline=True)
    alone = parameters(single.path)
    return alone if single.is_whole else {**parameters(single.folder), "transformer": sum(alone.values())}


def able(spec: ModelSpec) -> frozenset[Task] | None:
    """Return the only tasks that the model's weights can do; None if they set no limit."""
    return capabilities.of_file(found_in(spec)) if is_single(spec) else capabilities.of_folder(fetched(spec))


def is_single(spec: ModelSpec) -> bool:
    """Whether the model is in one file, or at least its denoiser."""
    return bool(spec.file) or spec.source.endswith(SAFE)


def _unused(folder: Path) -> dict[str, None]:
    """Return the components of the checkpoint that are left out."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return {name: None for name in UNUSED if name in index}


def _variant(folder: Path, spec: ModelSpec) -> str | None:
    """Return the variant if the folder has it: downloading falls back to the plain files if a repository has none."""
    return spec.variant if spec.variant and any(folder.glob(f"*/*.{spec.variant}*.safetensors")) else None


def bitsandbytes(bits: int, components: list[str]) -> Any:
    """Return diffusers' configuration for weights of 4 or 8 bits of these components."""
    options: dict[str, Any] = {"load_in_8bit": True}
    if bits == 4:
        options = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.bfloat16}
    return diffusers.PipelineQuantizationConfig(
        quant_backend=f"bitsandbytes_{bits}bit",
        quant_kwargs=options,
        components_to_quantize=components,
    )
