"""What has to be carried to a machine without a network: the code, and wheels of what it will not have."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MOST = 64 * 2**20  # bytes of all of it
#: what the check needs of the tree; the embedded model and the page's pictures stay
CODE = ("generation", "benchmarks", "tests/__init__.py", "tests/tiny", "pyproject.toml", "docs/gpu.md")
LEFT = ("generation/embedded/model", "benchmarks/origin")
#: what is on no machine that has torch, transformers, accelerate, peft, onnx and onnxruntime
WHEELS = (
    "annotated-types", "diffusers", "gguf", "greenlet", "importlib-metadata", "pydantic", "pydantic-core", "rapidfuzz",
    "typing-inspection", "zipp",
)  # fmt: skip
PYTHON = "312"


def pack(folder: Path) -> dict[str, Any]:
    """Fill a folder, and say how large it is. Raises RuntimeError if that is too much, or a wheel cannot be had."""
    code = folder / "criar"
    for name in CODE:
        source, target = ROOT / name, code / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=_ignored, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    wheels = folder / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    asked = [f"{name}=={version}" for name, version in _versions().items()]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--python-version",
        PYTHON, "--dest", str(wheels), *asked,
    ]  # fmt: skip
    if subprocess.run(command, check=False).returncode:  # noqa: S603 - our own list
        raise RuntimeError("pip could not download a wheel; see above")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    if size > MOST:
        raise RuntimeError(f"{size / 2**20:.1f} MiB is more than may be carried, {MOST / 2**20:.0f} MiB")
    print("there: pip install --no-index --no-deps wheels/*.whl; cd criar; python -m benchmarks.gpu --json")
    return {"mib": round(size / 2**20, 1), "wheels": len(list(wheels.glob("*.whl")))}


def _ignored(folder: str, names: list[str]) -> set[str]:
    paths = {name: (Path(folder) / name).relative_to(ROOT).as_posix() for name in names}
    return {name for name, path in paths.items() if name == "__pycache__" or path in LEFT}


def _versions() -> dict[str, str]:
    """Return the versions that are installed here."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in WHEELS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
