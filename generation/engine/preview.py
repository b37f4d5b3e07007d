"""What a picture looks like before it is finished: a linear map from latents to colours, no decoding."""

import copy
import hashlib
import io
import logging
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from time import thread_time
from typing import Any, Protocol

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..families.latents import Latents
from .device import Device, HostCopy

log = logging.getLogger(__name__)

SIDE = 256  # pixels of a preview's longer side
QUALITY = 80
SAMPLES = 24  # pictures that the map is fitted to
SAMPLE_SIDE = 128  # pixels
AT_ONCE = 4  # pictures that are encoded together


class LatentColours:
    """The affine map (channels + 1, 3) from an autoencoder's latents to RGB that fits best, by least squares.

    Fitted to the autoencoder itself, on smooth random pictures, so it needs no table of known models.
    """

    def __init__(self, matrix: torch.Tensor, layout: Latents) -> None:
        """``matrix`` is float32, on the device where latents are."""
        self._matrix = matrix
        self._layout = layout

    @classmethod
    def fit(cls, vae: Any, layout: Latents, device: torch.device) -> "LatentColours | None":
        """Fit the map on the device that the autoencoder computes on; None if its latents are not finite."""
        generator = torch.Generator().manual_seed(0)
        coarse = torch.rand(SAMPLES, 3, 5, 5, generator=generator) * 2 - 1
        pictures = torch.nn.functional.interpolate(coarse, SAMPLE_SIDE, mode="bicubic").clamp(-1, 1)
        if device.type == "cpu" and vae.dtype is not torch.float32:
            vae = copy.deepcopy(vae).float()  # in half precision a CPU takes minutes
        with torch.inference_mode():
            parts = [
                layout.encode(vae, part.to(device, vae.dtype)).float().cpu() for part in pictures.split(AT_ONCE)
            ]  # fmt: skip
        latents = torch.cat(parts)
        if not latents.isfinite().all():
            log.warning("%s encodes to numbers that are not finite; there are no previews", type(vae).__name__)
            return None
        colours = torch.nn.functional.interpolate(pictures, latents.shape[-1], mode="area")
        matrix = torch.linalg.lstsq(_with_one(latents), colours.permute(0, 2, 3, 1).reshape(-1, 3)).solution
        return cls(matrix.to(device), layout)

    @classmethod
    def load(cls, folder: Path | None, name: str, layout: Latents, device: torch.device) -> "LatentColours | None":
        """Load a map that was saved under this name; None if there is none."""
        if folder is None or not name:
            return None
        try:
            return cls(load_file(_file(folder, name, layout))["matrix"].to(device), layout)
        except (OSError, KeyError, SafetensorError):
            return None

    def save(self, folder: Path | None, name: str) -> None:
        """Save the map under a name that identifies the autoencoder's weights."""
        if folder is None or not name:
            return
        file = _file(folder, name, self._layout)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            save_file({"matrix": self._matrix.cpu()}, file)
        except OSError as error:
            log.warning("%s cannot be written: %s", file, error)

    def project(self, latents: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
        """Return one picture's latents, as its pipeline lays them out, as uint8 (rows, columns, 3) on the device."""
        plain = self._layout.unpack(latents[None], size)
        _, _, height, width = plain.shape
        colours = (_with_one(plain.float()) @ self._matrix).reshape(height, width, 3)
        return ((colours + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def encode_jpeg(pixels: torch.Tensor) -> bytes:
    """Return uint8 (rows, columns, 3) as a small JPEG with a longer side of SIDE pixels."""
    height, width, _ = pixels.shape
    scale = SIDE / max(height, width)
    size = round(width * scale), round(height * scale)
    file = io.BytesIO()
    Image.fromarray(pixels.numpy()).resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


class PreviewPacer:
    """Paces the previews of all pictures in flight, so that they cost little however many pictures there are.

    Only the processor's time is counted: on a GPU nothing waits for a preview.
    """

    EVERY = 0.25  # seconds between two previews of a picture
    SHARE = 0.01  # of the time, at most, for all together

    def __init__(self, clock: Callable[[], float]) -> None:
        """Start with a preview due."""
        self.clock = clock
        self._next = clock()
        #: seconds that one takes, by the fastest: the others were delayed by other work of the machine
        self._cost = float("inf")

    def due(self, last: float) -> bool:
        """Whether it is time for a picture whose last preview was made at ``last``, by the clock."""
        return self.clock() >= max(self._next, last + self.EVERY)

    def hold(self) -> None:
        """Let no other begin while it is not known what this one costs, or not for long."""
        self._next = self.clock() + self.EVERY

    def charge(self, seconds: float) -> None:
        """Count a preview that took so much of the processor's time."""
        self._cost = min(self._cost, seconds)
        self._next = self.clock() + self._cost / self.SHARE


class Shown(Protocol):
    """A picture in flight that can be previewed."""

    #: time of its last preview, by the pacer's clock
    previewed: float

    def show(self, jpeg: bytes) -> None:
        """Send a preview, unless the picture has ended."""


class Previews:
    """Makes previews of pictures in flight without waiting for the device."""

    def __init__(self, device: Device, run: Callable[[Callable[[], bytes]], Future[bytes]]) -> None:
        """``run`` encodes in a thread, or at once."""
        self._device = device
        self._run = run
        self.pacer = PreviewPacer(device.clock)
        self._copies: list[tuple[Shown, HostCopy, float]] = []
        self._jpegs: list[tuple[Shown, Future[bytes]]] = []

    def offer(self, shown: Shown, project: Callable[[], torch.Tensor]) -> None:
        """Begin a preview of a picture if it is time for one; ``project`` gives its pixels on the device."""
        if not self.pacer.due(shown.previewed):
            return
        shown.previewed = self.pacer.clock()
        began = thread_time()
        pixels = self._device.to_host(project())
        self._copies.append((shown, pixels, thread_time() - began))
        self.pacer.hold()
        self.poll()

    def poll(self) -> None:
        """Go on with what the device, or a thread, has done."""
        waiting, self._copies = self._copies, []
        for shown, on_host, seconds in waiting:
            if on_host.done():
                (pixels,) = on_host.take()
                self._jpegs.append((shown, self._run(partial(self._encode, pixels, seconds))))
            else:
                self._copies.append((shown, on_host, seconds))
        unfinished = []
        for shown, jpeg in self._jpegs:
            if jpeg.done():
                shown.show(jpeg.result())
            else:
                unfinished.append((shown, jpeg))
        self._jpegs = unfinished

    def _encode(self, pixels: torch.Tensor, seconds: float) -> bytes:
        began = thread_time()
        jpeg = encode_jpeg(pixels)
        self.pacer.charge(seconds + thread_time() - began)
        return jpeg


def _file(folder: Path, name: str, layout: Latents) -> Path:
    digest = hashlib.sha256(f"{name} {type(layout).__name__}".encode()).hexdigest()
    return folder / "colours" / f"{digest[:32]}.safetensors"


def _with_one(latents: torch.Tensor) -> torch.Tensor:
    """Return latents (n, channels, height, width) as rows (n·height·width, channels + 1), the last column ones."""
    rows = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    return torch.cat([rows, torch.ones(len(rows), 1, device=rows.device)], dim=1)
