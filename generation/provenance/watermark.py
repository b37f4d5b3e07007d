"""TrustMark, an invisible watermark that is learned: https://arxiv.org/abs/2311.18297, in its variant Q.

Adobe's package needs torchvision, so that its published ONNX files are run here as it runs its PyTorch files (version
0.9.2): the picture, or its centre if it is very long, is marked at 256 × 256 pixels, and only the difference is scaled
up and added. Blocks.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..images.formats import open_image
from . import error_correction
from .png import encode_like

ENCODER, DECODER = "encoder_Q.onnx", "decoder_Q.onnx"
SIDE = 256  # pixels at which pictures are marked
READ_SIDE = 256  # and read, if the file does not say
LONGEST = 2.0  # ratio of the sides from which only the centre is marked
FEATHER, MOST_FEATHER = 0.01, 50  # of the shorter side, and pixels, over which the mark begins
SCHEMA = "0001"  # BCH_5: 61 bits of data, five wrong bits mended

Array = NDArray[np.float32]


class Watermark:
    """Writes and reads TrustMark with the files of a folder. Raises OSError if they are absent or broken."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, image: Image.Image, payload: str) -> Image.Image:
        """An RGB picture with 61 bits in it."""
        secret = payload + error_correction.encode(payload) + SCHEMA
        box = _box(image.size)
        cover = image.crop(box)
        small = _signal(cover, SIDE)
        names = [put.name for put in self._encoder.get_inputs()]
        bits = np.array([[int(bit) for bit in secret]], np.float32)
        marked = self._encoder.run(None, dict(zip(names, (small, bits), strict=True)))[0]
        residual = marked.clip(-1, 1) - small
        residual -= residual.mean(axis=(2, 3), keepdims=True)
        planes = [
            np.asarray(Image.fromarray(plane).resize(cover.size, Image.Resampling.BILINEAR)) for plane in residual[0]
        ]
        difference = np.stack(planes, axis=-1) * 127.5 * _feathered(cover.size)[..., None]
        changed = (np.asarray(cover, np.float32) + difference).clip(0, 255).round().astype(np.uint8)
        result = image.copy()
        result.paste(Image.fromarray(changed), box[:2])
        return result

    def read(self, image: Image.Image) -> str:
        """The 61 bits of an RGB picture; empty if there are none."""
        (put,) = self._decoder.get_inputs()
        side = put.shape[-1] if isinstance(put.shape[-1], int) else READ_SIDE
        scores = self._decoder.run(None, {put.name: _signal(image.crop(_box(image.size)), side)})[0][0]
        bits = "".join("1" if score > 0 else "0" for score in scores)
        # The schema's bits have no protection; ours is always the same one, so that they are not looked at.
        return error_correction.decode(bits[:61], bits[61:96]) or ""

    @cached_property
    def _encoder(self) -> Any:
        return _session(self._folder / ENCODER)

    @cached_property
    def _decoder(self) -> Any:
        return _session(self._folder / DECODER)


def write_watermark(png: bytes, payload: str, folder: Path) -> bytes:
    """A picture as PNG with 61 bits in it, its texts kept. Raises OSError if the folder's files cannot be used."""
    with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
        with _failures_of(folder):
            marked = _watermark(folder).write(image.convert("RGB"), payload)
        return encode_like(image, marked)


def read_watermark(data: bytes, folder: Path) -> str:
    """The 61 bits of a picture; empty if there are none. Raises OSError if the folder's files cannot be used."""
    with open_image(data) as image:
        picture = image.convert("RGB")
    with _failures_of(folder):
        return _watermark(folder).read(picture)


def has_watermark_files(folder: Path) -> bool:
    """Whether the files are there."""
    return (folder / ENCODER).is_file() and (folder / DECODER).is_file()


@contextmanager
def _failures_of(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError:
        raise
    except Exception as error:  # of files of another model, for one; onnxruntime's kinds have no common base
        raise OSError(f"{folder}: {error}") from error


@cache
def _watermark(folder: Path) -> Watermark:
    return Watermark(folder)


def _session(path: Path) -> Any:
    import onnxruntime

    if not path.is_file():
        raise FileNotFoundError(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its own kinds have no common base but Exception
        raise OSError(f"{path}: {error}") from error


def _box(size: tuple[int, int]) -> tuple[int, int, int, int]:
    """What is marked: all of it, or a square at the centre of a very long picture."""
    width, height = size
    if max(size) <= LONGEST * min(size):
        return 0, 0, width, height
    side = min(size)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def _signal(image: Image.Image, side: int) -> Array:
    """The picture as (1, 3, side, side) from -1 to 1."""
    small = np.asarray(image.resize((side, side), Image.Resampling.BILINEAR), np.float32)
    return np.ascontiguousarray((small / 127.5 - 1).transpose(2, 0, 1)[None])


def _feathered(size: tuple[int, int]) -> Array:
    """How much of the mark is added at each pixel, (height, width): it begins softly at the edges."""
    width, height = size
    over = min(max(int(min(size) * FEATHER), 1), MOST_FEATHER)

    def ramp(length: int) -> Array:
        near = np.minimum(np.arange(length), np.arange(length)[::-1])
        return ((near + 1) / over).clip(0, 1).astype(np.float32)

    return np.multiply.outer(ramp(height), ramp(width)).astype(np.float32)
