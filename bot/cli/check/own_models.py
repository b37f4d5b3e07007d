"""Models of the operator's own: what their sources are, seen from the outside before anything loads them."""

from pathlib import Path

from generation import ModelSpec, model_file

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
    found = model_file.inspect_apart(file)
    return "" if found.usable else f"{file.name} is {found.describe()}"
