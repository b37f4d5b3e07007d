"""ONNX Runtime beside torch, for a small U-Net on a CPU: for each number of rows, whichever was faster.

With one row it took half of torch's time for the model that ships with the bot, and gains less with more rows; where
the limit lies depends on the machine, so it is measured during real work.
"""

import io
import logging
import warnings
from collections.abc import Callable
from time import perf_counter
from typing import Any

import onnxruntime
import torch
from diffusers import UNet2DConditionModel
from peft.tuners.tuners_utils import BaseTunerLayer

log = logging.getLogger(__name__)

LARGEST = 100_000_000  # parameters: ONNX Runtime keeps a second copy of the weights
SAMPLES = 3  # forward passes that both run before the faster one is chosen
CLOSE = 1e-4  # how far apart the two may be, in latents of deviation 1; they were 3e-6
OPSET = 17
#: settings of U-Nets that take more than latents, a time and the prompt
ASKING_MORE = ("addition_embed_type", "class_embed_type", "encoder_hid_dim_type", "time_cond_proj_dim")


def use_onnx(pipeline: Any) -> None:
    """Let a pipeline's denoiser run on the faster of two runtimes, if ONNX Runtime supports it."""
    unet = getattr(pipeline, "unet", None)
    if (
        isinstance(unet, UNet2DConditionModel)
        and unet.num_parameters() <= LARGEST
        and unet.dtype is torch.float32
        and isinstance(unet.config["cross_attention_dim"], int)
        and not any(unet.config[name] for name in ASKING_MORE)
    ):
        unet.forward = OnnxUNet(unet)


class OnnxUNet:
    """Replaces a U-Net's ``forward``: latents of shape (rows, channels, height, width) in float32."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        """Export the U-Net, which takes seconds."""
        self._unet = unet
        self._torch = unet.forward
        self._session = _session(unet)
        #: latents' sides must be a multiple of this: the graph lacks the code that pads others
        self._multiple = 2 ** (len(unet.config["block_out_channels"]) - 1)
        #: by rows (a power of two) and shape: how often both ran, and the fastest seconds of torch and of ONNX Runtime
        self._took: dict[tuple[int, ...], tuple[int, float, float]] = {}

    def __call__(self, sample: Any, timestep: Any, encoder_hidden_states: Any, **kwargs: Any) -> Any:
        """Return the U-Net's output, from the runtime that is faster for this shape."""
        if not self._understands(sample, encoder_hidden_states, kwargs):
            return self._torch(sample, timestep, encoder_hidden_states, **kwargs)
        key = (1 << (len(sample) - 1).bit_length(), *sample.shape[2:], encoder_hidden_states.shape[1])
        times, ours, theirs = self._took.get(key, (0, float("inf"), float("inf")))
        if times < SAMPLES:
            return self._both(key, (sample, timestep, encoder_hidden_states), kwargs)
        if ours <= theirs:
            return self._torch(sample, timestep, encoder_hidden_states, **kwargs)
        return _answer(self._other(sample, timestep, encoder_hidden_states), kwargs)

    def _understands(self, sample: Any, words: Any, kwargs: dict[str, Any]) -> bool:
        """Whether the graph can replace the U-Net: no argument that it lacks, and no active adapter."""
        return (
            all(value is None for name, value in kwargs.items() if name != "return_dict")
            and sample.dtype == words.dtype == torch.float32
            and all(side % self._multiple == 0 for side in sample.shape[2:])
            and not self._adapted()
        )

    def _adapted(self) -> bool:
        return getattr(self._unet, "_hf_peft_config_loaded", False) and any(
            isinstance(part, BaseTunerLayer) and not part.disable_adapters for part in self._unet.modules()
        )

    def _both(self, key: tuple[int, ...], given: tuple[Any, Any, Any], kwargs: dict[str, Any]) -> Any:
        """Run and time both, and return torch's answer; if they disagree, ONNX Runtime is never used again."""
        times, ours, theirs = self._took.get(key, (0, float("inf"), float("inf")))
        expected, torch_seconds = _timed(lambda: self._torch(*given, return_dict=False)[0])
        found, onnx_seconds = _timed(lambda: self._other(*given))
        apart = float((expected - found).abs().max())
        if apart > CLOSE:
            log.warning("ONNX Runtime is %.1e off at %s; torch is used", apart, key)
            self._took[key] = SAMPLES, 0.0, float("inf")
        else:
            self._took[key] = times + 1, min(ours, torch_seconds), min(theirs, onnx_seconds)
        return _answer(expected, kwargs)

    def _other(self, sample: torch.Tensor, timestep: Any, words: torch.Tensor) -> torch.Tensor:
        times = torch.as_tensor(timestep, dtype=torch.float32).reshape(-1).expand(len(sample))
        given = {"sample": sample, "timestep": times, "words": words}
        (out,) = self._session.run(None, {name: value.contiguous().numpy() for name, value in given.items()})
        return torch.from_numpy(out)


def _timed(run: Callable[[], torch.Tensor]) -> tuple[torch.Tensor, float]:
    began = perf_counter()
    return run(), perf_counter() - began


def _session(unet: UNet2DConditionModel) -> onnxruntime.InferenceSession:
    """Export the U-Net for any number of rows, size and prompt length, on as many threads as torch has."""
    side, example = 4 * 2 ** len(unet.config["block_out_channels"]), torch.zeros
    given = (
        example(2, unet.config["in_channels"], side, side),
        example(2),
        example(2, 8, unet.config["cross_attention_dim"]),
    )
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.inference_mode(mode=False), torch.no_grad():
        warnings.simplefilter("ignore")  # about branches on shapes that _understands excludes
        torch.onnx.export(
            unet,
            given,
            file,
            kwargs={"return_dict": False},
            dynamo=False,  # the other exporter needs one more library, and takes several times as long
            opset_version=OPSET,
            input_names=["sample", "timestep", "words"],
            output_names=["out"],
            dynamic_axes={
                "sample": {0: "rows", 2: "height", 3: "width"},
                "timestep": {0: "rows"},
                "words": {0: "rows", 1: "length"},
                "out": {0: "rows", 2: "height", 3: "width"},
            },
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # If its threads spin between two calls, they slow down torch's text encoder and autoencoder.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(file.getvalue(), options, providers=["CPUExecutionProvider"])


def _answer(out: torch.Tensor, kwargs: dict[str, Any]) -> Any:
    if kwargs.get("return_dict", True):
        from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput

        return UNet2DConditionOutput(sample=out)
    return (out,)
