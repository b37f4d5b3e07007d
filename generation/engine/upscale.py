"""Enlarging with Real-ESRGAN on the engine's device, in tiles so that memory stays bounded.

Wang, Xie, Dong and Shan, "Real-ESRGAN", 2021; the networks are those of its code, known by their weights' names. They
make four times as many pixels a side; twice comes of that by halving, as Real-ESRGAN's own releases do it.
"""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional

from ..downloads import chosen_file, sha256
from ..types import ModelSpec

FACTORS = (2, 4)
SCALE = 4  # of the networks
TILE = 192  # pixels of a tile's side; about 300 MB for the small network
MARGIN = 10  # pixels around a tile that are computed and thrown away, so that no seam shows
WIDTH, GROWTH = 64, 32  # channels of the networks, and what a dense layer adds

CARRIED = Path(__file__).parents[1] / "upscalers"  # weights that come with the bot
#: for models that make less than they deliver
OWN_WEIGHTS = CARRIED / "realesr-animevideov3.safetensors"
FAMILY = "realesrgan"


def weights_of(spec: ModelSpec, *, offline: bool) -> Path:
    """Return the file of an upscaler's weights, downloading it unless ``offline``.

    Raises ValueError if it is not the file that the catalogue means, and as chosen_file does.
    """
    carried = CARRIED / f"{spec.source}.safetensors"
    if carried.exists():
        return carried
    path = chosen_file(spec, offline=offline)
    if spec.sha256 and sha256(path) != spec.sha256:
        raise ValueError(f"{path} has another content than its entry's sha256 says")
    return path


class Compact(nn.Module):  # type: ignore[misc]
    """SRVGGNetCompact: convolutions in a row, added to the picture's plain enlargement."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        widths = [3] + [WIDTH] * layers
        body: list[nn.Module] = []
        for before, after in pairwise(widths):
            body += [nn.Conv2d(before, after, 3, padding=1), nn.PReLU(after)]
        self.body = nn.Sequential(*body, nn.Conv2d(WIDTH, 3 * SCALE**2, 3, padding=1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Enlarge pictures (batch, 3, height, width) from 0 to 1 four times."""
        made: Tensor = functional.pixel_shuffle(self.body(pixels), SCALE)
        return made + functional.interpolate(pixels, scale_factor=SCALE, mode="nearest")


class _Dense(nn.Module):  # type: ignore[misc]
    """A residual dense block: five convolutions, each of all before it."""

    def __init__(self) -> None:
        super().__init__()
        for place in range(1, 6):
            into = GROWTH if place < 5 else WIDTH
            self.add_module(f"conv{place}", nn.Conv2d(WIDTH + GROWTH * (place - 1), into, 3, padding=1))

    def forward(self, pixels: Tensor) -> Tensor:
        found = pixels
        for place in range(1, 5):
            made = functional.leaky_relu(self.get_submodule(f"conv{place}")(found), 0.2)
            found = torch.cat([found, made], dim=1)
        return pixels + 0.2 * self.get_submodule("conv5")(found)


class _Residual(nn.Module):  # type: ignore[misc]
    """Three dense blocks with a way around them."""

    def __init__(self) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = _Dense(), _Dense(), _Dense()

    def forward(self, pixels: Tensor) -> Tensor:
        made: Tensor = self.rdb3(self.rdb2(self.rdb1(pixels)))
        return pixels + 0.2 * made


class Large(nn.Module):  # type: ignore[misc]
    """RRDBNet, ESRGAN's network."""

    def __init__(self, blocks: int) -> None:
        super().__init__()
        self.conv_first = nn.Conv2d(3, WIDTH, 3, padding=1)
        self.body = nn.Sequential(*(_Residual() for _ in range(blocks)))
        self.conv_body, self.conv_up1, self.conv_up2, self.conv_hr = (
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in range(4)
        )
        self.conv_last = nn.Conv2d(WIDTH, 3, 3, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """Enlarge pictures (batch, 3, height, width) from 0 to 1 four times."""
        found = self.conv_first(pixels)
        found = found + self.conv_body(self.body(found))
        for layer in (self.conv_up1, self.conv_up2):
            found = functional.leaky_relu(layer(functional.interpolate(found, scale_factor=2, mode="nearest")), 0.2)
        made: Tensor = self.conv_last(functional.leaky_relu(self.conv_hr(found), 0.2))
        return made


def tiles_of(image: Image.Image) -> int:
    """Return in how many tiles a picture is enlarged."""
    return -(-image.height // TILE) * -(-image.width // TILE)


class Upscaler:
    """A network on a device; usable in several threads."""

    def __init__(self, path: Path, device: str) -> None:
        """Raises ValueError if the file's weights are those of no network that is known, and OSError."""
        weights = load_file(path)
        self._dtype = torch.float32 if device == "cpu" else torch.float16
        self._net = _network(weights, path).to(device, self._dtype).eval()

    def enlarge(self, image: Image.Image, factor: int, pause: Callable[[], None] = lambda: None) -> Image.Image:
        """Enlarge an RGB picture ``factor`` (2 or 4) times; ``pause`` is called before each tile.

        Raises what ``pause`` raises.
        """
        pixels = np.pad(np.asarray(image), ((MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)), mode="edge")
        result = np.empty((image.height * factor, image.width * factor, 3), np.uint8)
        for top in range(0, image.height, TILE):
            for left in range(0, image.width, TILE):
                pause()
                bottom, right = min(top + TILE, image.height), min(left + TILE, image.width)
                made = self._tile(pixels[top : bottom + 2 * MARGIN, left : right + 2 * MARGIN], factor)
                cut = MARGIN * factor
                result[top * factor : bottom * factor, left * factor : right * factor] = made[cut:-cut, cut:-cut]
        return Image.fromarray(result)

    def _tile(self, pixels: np.ndarray, factor: int) -> np.ndarray:
        """One tile, uint8 of shape (height, width, 3), through the network."""
        device = next(self._net.parameters()).device
        tile = torch.from_numpy(np.ascontiguousarray(pixels)).to(device, self._dtype).permute(2, 0, 1)[None] / 255
        with torch.inference_mode():
            made = self._net(tile)
            if factor != SCALE:
                made = functional.interpolate(made, scale_factor=factor / SCALE, mode="bicubic")
            whole = (made[0].permute(1, 2, 0) * 255).round().clamp(0, 255)
        found: np.ndarray = whole.to(torch.uint8).cpu().numpy()
        return found


def _network(weights: dict[str, Tensor], path: Path) -> nn.Module:
    net: nn.Module
    if "conv_first.weight" in weights:
        net = Large(1 + max(int(name.split(".")[1]) for name in weights if name.startswith("body.")))
    elif "body.0.weight" in weights:
        net = Compact(max(int(name.split(".")[1]) for name in weights) // 2)
    else:
        raise ValueError(f"{path} has the weights of no network for enlarging that is known")
    try:
        net.load_state_dict({name: tensor.float() for name, tensor in weights.items()})
    except RuntimeError as error:
        raise ValueError(f"{path} has the weights of no network for enlarging that is known: {error}") from error
    return net
