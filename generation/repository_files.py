"""Which of the files of a model's repository are loaded: configurations, tokenizers, and safetensors. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

from .catalogue_files import SAFE

#: what a model's folders hold beside weights: configurations and what tokenizers need. No code, and no pickles
PLAIN = (".json", ".txt", ".model", ".jinja")
#: parts that are not loaded
UNUSED = ("safety_checker/*",)
INDEX = "model_index.json"
LORA = "pytorch_lora_weights.safetensors"  # as diffusers' trainers call it


def needed(names: Sequence[str], file: str | None, variant: str | None) -> list[str]:
    """Return which of a repository's files are loaded.

    One single file; or a pipeline's folders, of the weights only safetensors, of those the variant if a folder has it.
    """
    if file:
        return [name for name in names if name == file]
    if INDEX not in names:
        return _single(names)
    inner = [name for name in names if "/" in name and not any(fnmatchcase(name, unused) for unused in UNUSED)]
    found = [INDEX, *(name for name in inner if name.endswith(PLAIN) and not is_weights(name))]
    for folder in dict.fromkeys(name.rpartition("/")[0] for name in inner):
        weights = [name for name in inner if name.rpartition("/")[0] == folder and is_weights(name)]
        chosen = [name for name in weights if _variant(name) == variant]
        found += chosen or [name for name in weights if _variant(name) is None]
    return sorted(found)


def _single(names: Sequence[str]) -> list[str]:
    """The one file of weights of a repository that is no pipeline: a LoRA's usual name, else the first."""
    weights = sorted(name for name in names if name.endswith(SAFE) and "/" not in name)
    return [LORA] if LORA in weights else weights[:1]


def is_weights(name: str) -> bool:
    """Whether a file has weights, or the index of weights in several files."""
    return name.endswith(".safetensors") or ".safetensors.index." in name


def _variant(name: str) -> str | None:
    """Return the variant in a file's name; None for plain files.

    "fp16" of model.fp16.safetensors, model.fp16-00001-of-00002.safetensors and model.safetensors.index.fp16.json.
    """
    words = name.rpartition("/")[2].replace(".safetensors", "").replace(".index", "").replace(".json", "").split(".")
    return words[1].split("-")[0] if len(words) > 1 else None
