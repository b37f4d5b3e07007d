"""How models are loaded on cards of several sizes and generations."""

from pathlib import Path

import pytest
import torch

from generation import ModelSpec, Offload, Precision
from generation.engine.device import Device, is_out_of_memory
from generation.engine.load_policy import choose_loading, component_bytes, quantised_components
from generation.engine.loaded_models import Models, _half, group_settings
from generation.engine.preview import LatentColours
from generation.types import Loading
from tests.tiny import spec

GB = 10**9
GIB = 2**30
#: parameters
FLUX = {"transformer": 11_900_000_000, "text_encoder": 123_000_000, "text_encoder_2": 4_760_000_000, "vae": 84_000_000}
FLUX2 = {"transformer": 32_000_000_000, "text_encoder": 24_000_000_000, "vae": 84_000_000}
QWEN = {"transformer": 20_400_000_000, "text_encoder": 8_290_000_000, "vae": 127_000_000}
Z_IMAGE = {"transformer": 6_150_000_000, "text_encoder": 4_020_000_000, "vae": 84_000_000}


def test_large_text_encoders_are_quantised_whatever_they_are_called() -> None:
    """Those of billions of parameters are, CLIP and autoencoders are not, and each is counted by what is done to it."""
    assert quantised_components(QWEN) == ["transformer", "text_encoder"]
    assert quantised_components(FLUX) == ["transformer", "text_encoder_2"]
    four = Loading(quantised=4, precision=Precision.BF16)
    assert component_bytes(four, QWEN) == {
        "transformer": 20_400_000_000 / 2,
        "text_encoder": 8_290_000_000 / 2,
        "vae": 127_000_000 * 2,
    }


@pytest.mark.parametrize(
    ("sizes", "bits", "gib", "offload"),
    [
        (FLUX2, 4, 47.5, Offload.NONE),
        (QWEN, 4, 23.6, Offload.NONE),
        (FLUX, 0, 23.6, Offload.MODEL),
        (FLUX2, 0, 139.3, Offload.NONE),
        (Z_IMAGE, 0, 23.6, Offload.NONE),
        (Z_IMAGE, 0, 15.6, Offload.MODEL),
        (Z_IMAGE, 0, 11.6, Offload.GROUP),
    ],
)
def test_known_models_are_placed_on_common_cards(
    sizes: dict[str, int], bits: int, gib: float, offload: Offload
) -> None:
    """Whole if weights and work fit, else module by module if the largest fits, else group by group."""
    chosen = choose_loading(Loading(quantised=bits), "cuda:0", Precision.BF16, sizes, int(gib * GIB))
    assert chosen.offload is offload


def test_a_card_without_bf16_gets_models_made_for_it_in_full_precision(tmp_path: Path) -> None:
    """fp16 would overflow them; models whose files come in fp16 keep it."""
    flux, sd = spec("flux", tmp_path), spec("stable_diffusion", tmp_path)
    assert (_half(flux, bf16=True), _half(flux, bf16=False)) == (Precision.BF16, Precision.FP32)
    assert (_half(sd, bf16=True), _half(sd, bf16=False)) == (Precision.FP16, Precision.FP16)


def test_groups_are_copied_to_a_card_while_others_work() -> None:
    """With streams on a card, of which a CPU has none."""
    assert group_settings("cuda:0", scarce=True)["use_stream"]
    assert group_settings("cuda:0", scarce=True)["low_cpu_mem_usage"]
    assert "use_stream" not in group_settings("cpu", scarce=False)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        torch.AcceleratorError("CUDA error: out of memory"),
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:115] . DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_memory_that_runs_out_is_recognised_in_whichever_library_it_does(error: Exception) -> None:
    """So that fewer rows are tried, and neither the picture fails nor the process ends."""
    assert is_out_of_memory(error)
    assert not is_out_of_memory(torch.AcceleratorError("CUDA error: an illegal memory access was encountered"))
    assert not is_out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_the_map_for_previews_is_fitted_once_and_kept_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process does not fit it again, and gets the same colours."""
    model: ModelSpec = spec("flux", tmp_path)
    fitted: list[int] = []
    fit = LatentColours.fit

    def counted(*args: object) -> object:
        fitted.append(1)
        return fit(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(LatentColours, "fit", counted)
    first, second = (Models(Device(), 4.0, onnx=False, folder=tmp_path / "kept").get(model) for _ in range(2))
    assert len(fitted) == 1
    assert first.colours
    assert second.colours
    assert torch.equal(first.colours._matrix, second.colours._matrix)


def test_an_autoencoder_that_encodes_to_nan_has_no_previews(tmp_path: Path) -> None:
    """There is no map then, instead of one of rubbish or an error."""
    from generation.families import FAMILIES

    pipeline = Models(Device(), 4.0, onnx=False).get(spec("stable_diffusion", tmp_path)).pipeline
    with torch.no_grad():
        pipeline.vae.encoder.conv_in.weight.fill_(float("nan"))
    layout = FAMILIES["stable_diffusion"].latents
    assert layout
    assert LatentColours.fit(pipeline.vae, layout, torch.device("cpu")) is None
