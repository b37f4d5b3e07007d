"""A tiny pair of files with TrustMark's inputs and outputs, in place of its weights, which no package carries.

The encoder adds for each bit a pattern of its own to the picture, and the decoder looks how much of each it finds. The
patterns are cosines of the picture's middle frequencies. It stands in for the learned ones only as far as the way
goes: what survives an attack says nothing of TrustMark.
"""

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from generation.provenance.watermark import DECODER, ENCODER, READ_SIDE, SIDE

BITS = 100
STRENGTH = 0.5  # of all patterns together, in the picture's units from -1 to 1
FIRST, LAST = 14, 34  # frequencies, in half waves a side, between which the patterns lie

Array = NDArray[np.float32]


def patterns(side: int) -> Array:
    """(bits, side, side): cosines that are orthogonal to each other and to what is smooth."""
    chosen = [(u, v) for u in range(1, LAST) for v in range(1, LAST) if FIRST**2 <= u * u + v * v <= LAST**2]
    picked = [chosen[place] for place in np.random.default_rng(7).permutation(len(chosen))[:BITS]]
    waves = np.cos(np.pi * np.outer(np.arange(LAST), np.arange(side) + 0.5) / side)
    return np.stack([np.outer(waves[u], waves[v]) for u, v in picked]).astype(np.float32)


def write_tiny_trustmark(folder: Path) -> Path:
    """Write the pair into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    spread = patterns(SIDE).reshape(BITS, -1) * (STRENGTH / BITS**0.5 / 2)
    encoder = [
        helper.make_node("Mul", ["secret", "two"], ["doubled"]),
        helper.make_node("Sub", ["doubled", "one"], ["signs"]),
        helper.make_node("MatMul", ["signs", "spread"], ["flat"]),
        helper.make_node("Reshape", ["flat", "plane"], ["residual"]),
        helper.make_node("Add", ["image", "residual"], ["stego"]),
    ]
    constants = {
        "two": np.array([2], np.float32), "one": np.array([1], np.float32), "spread": spread,
        "plane": np.array([-1, 1, SIDE, SIDE], np.int64),
    }  # fmt: skip
    _save(folder / ENCODER, encoder, {"image": (1, 3, SIDE, SIDE), "secret": (1, BITS)}, "stego", constants)
    decoder = [
        helper.make_node("ReduceMean", ["image", "channel"], ["grey"], keepdims=0),
        helper.make_node("Reshape", ["grey", "plane"], ["flat"]),
        helper.make_node("MatMul", ["flat", "collect"], ["scores"]),
    ]
    collected = patterns(READ_SIDE).reshape(BITS, -1).T / READ_SIDE**2
    constants = {
        "channel": np.array([1], np.int64),
        "plane": np.array([1, READ_SIDE**2], np.int64),
        "collect": collected,
    }
    _save(folder / DECODER, decoder, {"image": (1, 3, READ_SIDE, READ_SIDE)}, "scores", constants)
    return folder


def _save(
    path: Path,
    nodes: list[onnx.NodeProto],
    inputs: dict[str, tuple[int, ...]],
    output: str,
    constants: dict[str, NDArray[np.generic]],
) -> None:
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(np.ascontiguousarray(value), name) for name, value in constants.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
