"""Models of the operator's own: what their sources are, seen from the outside before anything loads them."""

import json
import struct
from pathlib import Path

from generation import ModelSpec

LARGEST_HEADER = 100 * 2**20  # bytes, as the safetensors format allows
PICKLES = (".ckpt", ".pt", ".pth", ".bin")
SINGLE = (".safetensors", ".gguf")


def flaw_of(spec: ModelSpec) -> str:
    """A sentence with its remedy if the model's source can never be loaded; empty if nothing speaks against it."""
    source = spec.source
    if "://" in source:
        return (
            f"source: {source} is a web page; download the .safetensors file and name its path, or name a repository "
            "of the hub as owner/name"
        )
    path = Path(source)
    if not path.is_absolute():
        looks_like_path = source.startswith(("./", "../", "~")) or source.count("/") > 1
        return f"source: there is no {source} beside config.toml" if looks_like_path else ""
    if spec.file:
        path = path if path.is_file() else path / spec.file
        if not path.exists():
            return f"file: there is no {path.name} in {path.parent}; put it there, or correct the name"
    return _of_file(path) if path.is_file() else _of_folder(path)


def _of_folder(folder: Path) -> str:
    files = [file for file in folder.rglob("*") if file.is_file()]
    weights = [file for file in files if file.suffix in (*SINGLE, ".onnx")]
    if not weights and any(file.suffix in PICKLES for file in files):
        return f"{folder} holds only pickles, which can run code and are not loaded; convert them to .safetensors"
    if not weights:
        return "" if not files or any(file.suffix == ".param" for file in files) else f"{folder} holds no weights"
    return next((flaw for file in weights if (flaw := _of_file(file))), "")


def _of_file(file: Path) -> str:
    if file.suffix in PICKLES:
        return f"{file.name} is a pickle, which can run code and is not loaded; convert it to .safetensors"
    with file.open("rb") as data:
        start = data.read(512)
    if start.startswith(b"version https://git-lfs"):
        return f"{file.name} is only a pointer of Git LFS; fetch the file with git lfs pull"
    if start.lstrip().lower().startswith((b"<!doctype", b"<html")):
        return f"{file.name} is a web page, not a model; log in where you downloaded it, and download it again"
    if file.suffix == ".gguf":
        return "" if start.startswith(b"GGUF") else f"{file.name} is no GGUF file; download it again"
    return _of_safetensors(file, start) if file.suffix == ".safetensors" else ""


def _of_safetensors(file: Path, start: bytes) -> str:
    """What is wrong with a header: eight bytes of length, JSON, and as many bytes of numbers as it says."""
    damaged = f"{file.name} is no whole .safetensors file; download it again"
    size = file.stat().st_size
    if len(start) < 8:
        return damaged
    (length,) = struct.unpack("<Q", start[:8])
    if not 2 <= length <= min(LARGEST_HEADER, size - 8):
        return damaged
    with file.open("rb") as data:
        data.seek(8)
        try:
            header = json.loads(data.read(length))
            end = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError):
            return damaged
    return damaged if 8 + length + end > size else ""
