"""How a model is loaded where the operator leaves it open: by the device and its free memory."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from ..model_file import inspect
from ..types import Loading, Offload, Precision

BYTES = {Precision.FP32: 4, Precision.FP16: 2, Precision.BF16: 2}
ROOM = 0.75  # share of the free memory that weights may fill; the rest is for what is worked on


def choose_loading(asked: Loading, device: str, half: Precision, sizes: Mapping[str, int], free: int | None) -> Loading:
    """A complete Loading.

    ``half`` is the family's precision where the device has one, ``sizes`` the parameters of each component, ``free``
    the device's free bytes; None where the device is the host itself.
    """
    precision = asked.precision or (Precision.FP32 if device == "cpu" else half)
    width = asked.quantised / 8 if asked.quantised else BYTES[precision]
    offload = asked.offload
    if offload is None:
        room = float("inf") if free is None else ROOM * free
        whole, largest = sum(sizes.values()) * width, max(sizes.values(), default=0) * width
        offload = Offload.NONE if whole <= room else Offload.MODEL if largest <= room else Offload.GROUP
    tiling = asked.vae_tiling if asked.vae_tiling is not None else offload is not Offload.NONE
    return replace(asked, precision=precision, offload=offload, vae_tiling=tiling)


def parameters(path: Path) -> dict[str, int]:
    """How many numbers each component of a checkpoint's folder has, or a single file, by safetensors' headers."""
    if path.is_file():
        return {path.stem: _count(path)}
    sizes: dict[str, dict[str, int]] = {}
    for file in path.glob("*/*.safetensors"):
        # The same weights may lie there twice, as "model.safetensors" and as "model.fp16.safetensors".
        variants = sizes.setdefault(file.parent.name, {})
        variant = file.name.partition(".")[2]
        variants[variant] = variants.get(variant, 0) + _count(file)
    return {name: max(variants.values()) for name, variants in sizes.items()}


def _count(file: Path) -> int:
    """Return how many numbers of 16 bits a file has. Raises ValueError if it is no file of weights."""
    found = inspect(file)
    if not found.usable:
        raise ValueError(f"{file} is {found.describe()}")
    return found.parameters if found.format == "safetensors" else found.size // 2
