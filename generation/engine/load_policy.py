"""How a model is loaded if the operator leaves it open: by the device and its free memory."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from ..machine import GIB
from ..model_file import DENOISERS, inspect
from ..types import Loading, Offload, Precision

BYTES = {Precision.FP32: 4, Precision.FP16: 2, Precision.BF16: 2}
#: bytes for a step and for decoding, beside the weights: 3 GiB for 1024 by 1024 pixels, as the catalogue counts. If
#: modules come one by one, decoding is done in tiles and without the denoiser, so a row of a step is enough
WORK, STEP_WORK = 3 * GIB, GIB
LARGE = 1_000_000_000  # parameters above which text encoders are quantised too; CLIP's have less


def choose_loading(asked: Loading, device: str, half: Precision, sizes: Mapping[str, int], free: int | None) -> Loading:
    """Return a complete Loading.

    ``half`` is the family's precision on a GPU, ``sizes`` the parameters of each component, ``free`` the bytes that can
    be allocated on the device; None if the device is the host itself.
    """
    precision = asked.precision or (Precision.FP32 if device == "cpu" else half)
    loading = replace(asked, precision=precision)
    offload = asked.offload
    if offload is None:
        weights = component_bytes(loading, sizes)
        whole, largest = sum(weights.values()), max(weights.values(), default=0)
        if free is None or whole + WORK <= free:
            offload = Offload.NONE
        else:
            offload = Offload.MODEL if largest + STEP_WORK <= free else Offload.GROUP
    tiling = asked.vae_tiling if asked.vae_tiling is not None else offload is not Offload.NONE
    return replace(loading, offload=offload, vae_tiling=tiling)


def quantised_components(sizes: Mapping[str, int]) -> list[str]:
    """Return the components that are quantised: denoisers, and text encoders that are no CLIP.

    In a single file components are not counted one by one; then it is those that may be large.
    """
    if not any(name in DENOISERS for name in sizes):
        return [*DENOISERS, "text_encoder_2", "text_encoder_3"]
    return [
        name for name, size in sizes.items() if name in DENOISERS or (name.startswith("text_encoder") and size > LARGE)
    ]


def component_bytes(loading: Loading, sizes: Mapping[str, int]) -> dict[str, float]:
    """Return the bytes of each component's weights in memory, by what is done to it."""
    width = BYTES[loading.precision or Precision.FP32]
    packed: Collection[str] = quantised_components(sizes) if loading.quantised else ()
    if loading.quantised and len(sizes) == 1:
        packed = sizes
    return {name: size * (loading.quantised / 8 if name in packed else width) for name, size in sizes.items()}


def parameters(path: Path) -> dict[str, int]:
    """Return the parameters of each component of a checkpoint's folder, or of a single file, by their headers."""
    if path.is_file():
        return {path.stem: _count(path)}
    sizes: dict[str, dict[str, int]] = {}
    for file in path.glob("*/*.safetensors"):
        # The same weights may be there twice, as "model.safetensors" and as "model.fp16.safetensors".
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
