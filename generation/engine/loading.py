"""Loads a stock pipeline from a folder, a hub repository or a single file: safetensors or GGUF only, no remote code."""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diffusers
import torch

from ..downloads import is_of_hub
from ..errors import ModelError
from ..families import family_of
from ..types import Loading, ModelSpec, Precision
from .load_policy import parameters, quantised_components
from .processors import complete, substitutes

log = logging.getLogger(__name__)

PRECISIONS = {Precision.FP32: torch.float32, Precision.FP16: torch.float16, Precision.BF16: torch.bfloat16}
INDEX = "model_index.json"
#: the safety checker of old checkpoints, larger than their text encoder: the bot's output filter replaces it
UNUSED = ("safety_checker",)


@contextmanager
def loading_errors(spec: ModelSpec) -> Iterator[None]:
    """Turn errors of loading a model into ModelError; the reason is logged."""
    try:
        yield
    # Causes are outside: missing or broken files, no network, libraries that are not installed.
    except (OSError, ValueError, ImportError, RuntimeError, KeyError) as error:
        if isinstance(error, (torch.OutOfMemoryError, torch.AcceleratorError)):
            raise
        log.exception("%s cannot be loaded from %s", spec.id, spec.source)
        raise ModelError("{model} cannot be loaded right now; choose another model.", model=spec.title) from error


def load(spec: ModelSpec, loading: Loading, parts: Mapping[str, Any]) -> Any:
    """Return the pipeline, its modules in the host's memory; ``parts`` are components that are loaded already."""
    options: dict[str, Any] = {"dtype": PRECISIONS[loading.precision or Precision.FP32], **parts}
    if loading.quantised:
        options["quantization_config"] = bitsandbytes(loading.quantised, quantised_components(sizes(spec)))
    if _is_gguf(spec):
        options["transformer"] = _gguf(spec, options["dtype"])
    elif is_single(spec):
        return _single_file(spec, options)
    folder = fetched(spec)
    pipeline = diffusers.DiffusionPipeline.from_pretrained(
        folder,
        variant=_variant(folder, spec),
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
        **{**_unused(folder), **substitutes(folder), **options},
    )
    return complete(pipeline, folder)


def fetched(spec: ModelSpec) -> Path:
    """Return the folder of the checkpoint, or of what its single file lacks; downloads what is missing."""
    source, revision = _based(spec) if spec.base else (spec.source, spec.revision)
    if Path(source).is_absolute():
        return Path(source)
    return Path(
        diffusers.DiffusionPipeline.download(
            source,
            revision=revision,
            variant=spec.variant,
            use_safetensors=True,
            trust_remote_code=False,
            **dict.fromkeys(UNUSED),
        )
    )


def ensure_downloaded(spec: ModelSpec) -> None:
    """Ensure the model's files are on disk, downloading them if needed. Raises ModelError if that is not possible."""
    with loading_errors(spec):
        sizes(spec)


def needs_download(spec: ModelSpec) -> bool:
    """Whether files of the model may have to be downloaded."""
    return is_of_hub(spec) or bool(spec.base)


def sizes(spec: ModelSpec) -> dict[str, int]:
    """Return how many parameters each component of the model has, or all together if they are in one file."""
    if not is_single(spec):
        return parameters(fetched(spec))
    alone = parameters(_file(spec))
    return {**parameters(fetched(spec)), "transformer": sum(alone.values())} if _is_gguf(spec) else alone


def is_single(spec: ModelSpec) -> bool:
    """Whether the model, or at least its denoiser, is in one file."""
    return bool(spec.file) or spec.source.endswith(".safetensors")


def _is_gguf(spec: ModelSpec) -> bool:
    return bool(spec.file) and str(spec.file).endswith(".gguf")


def _based(spec: ModelSpec) -> tuple[str, str | None]:
    source, _, revision = (spec.base or "").partition("@")
    return source, revision or None


def _unused(folder: Path) -> dict[str, None]:
    """Return the components of the checkpoint that are left out."""
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    return {name: None for name in UNUSED if name in index}


def _variant(folder: Path, spec: ModelSpec) -> str | None:
    """Return the variant if the folder has it: downloading falls back to the plain files if a repository has none."""
    return spec.variant if spec.variant and any(folder.glob(f"*/*.{spec.variant}*.safetensors")) else None


def _file(spec: ModelSpec) -> Path:
    if not spec.file:
        return Path(spec.source)
    if Path(spec.source).is_absolute():
        return Path(spec.source) / spec.file
    from huggingface_hub import hf_hub_download

    return Path(hf_hub_download(spec.source, spec.file, revision=spec.revision))


def _single_file(spec: ModelSpec, options: dict[str, Any]) -> Any:
    """Load one .safetensors file with all weights; its configuration comes from ``base``, or the hub's original."""
    name = next((name for name in family_of(spec).pipelines.values() if name), "")
    if not name:
        raise ValueError(f"models of the family {spec.family} cannot be loaded from one file")
    pipeline_class = getattr(diffusers, name)
    if spec.base:  # of which no weights are needed
        options["config"], options["revision"] = _based(spec)
    # Old checkpoints have no safety checker in the file.
    if "safety_checker" in pipeline_class._optional_components:
        options["safety_checker"] = None
    return pipeline_class.from_single_file(str(_file(spec)), trust_remote_code=False, **options)


def _gguf(spec: ModelSpec, dtype: torch.dtype) -> Any:
    """Load the denoiser from a GGUF file; the other components come from ``base``."""
    folder = fetched(spec)
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    _, class_name = index["transformer"]
    return getattr(diffusers, class_name).from_single_file(
        str(_file(spec)),
        quantization_config=diffusers.GGUFQuantizationConfig(compute_dtype=dtype),
        config=str(folder),
        subfolder="transformer",
        dtype=dtype,
    )


def bitsandbytes(bits: int, components: list[str]) -> Any:
    """Return a configuration of diffusers for weights of 4 or 8 bits of these components."""
    options: dict[str, Any] = {"load_in_8bit": True}
    if bits == 4:
        options = {"load_in_4bit": True, "bnb_4bit_quant_type": "nf4", "bnb_4bit_compute_dtype": torch.bfloat16}
    return diffusers.PipelineQuantizationConfig(
        quant_backend=f"bitsandbytes_{bits}bit",
        quant_kwargs=options,
        components_to_quantize=components,
    )
