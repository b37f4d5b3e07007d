"""What a picture looks like before it is finished: a linear map from latents to colours, no decoding."""

import io
from typing import Any

import numpy as np
import torch
from PIL import Image

from ..families.latents import Latents

SIDE = 256  # pixels of a preview's longer side
QUALITY = 80
SAMPLES = 24  # pictures that the map is fitted to
SAMPLE_SIDE = 128  # pixels


class LatentColours:
    """The affine map (channels + 1, 3) from an autoencoder's latents to RGB that fits best, by least squares.

    Fitted to the autoencoder itself, on smooth random pictures: so it needs no table of known models.
    """

    def __init__(self, vae: Any, layout: Latents) -> None:
        self._layout = layout
        generator = torch.Generator().manual_seed(0)
        coarse = torch.rand(SAMPLES, 3, 5, 5, generator=generator) * 2 - 1
        pictures = torch.nn.functional.interpolate(coarse, SAMPLE_SIDE, mode="bicubic").clamp(-1, 1)
        with torch.inference_mode():
            latents = layout.encode(vae, pictures.to(vae.device, vae.dtype)).float().cpu()
        colours = torch.nn.functional.interpolate(pictures, latents.shape[-1], mode="area")
        self._map = torch.linalg.lstsq(_with_one(latents), colours.permute(0, 2, 3, 1).reshape(-1, 3)).solution

    def jpeg(self, latents: torch.Tensor, size: tuple[int, int]) -> bytes:
        """One picture's latents, as the pipeline for pictures of that size lays them out, as a small JPEG."""
        plain = self._layout.unpack(latents[None], size)
        _, _, height, width = plain.shape
        colours = (_with_one(plain.float().cpu()) @ self._map).reshape(height, width, 3)
        pixels = ((colours + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).numpy()
        scale = SIDE / max(height, width)
        size = round(width * scale), round(height * scale)
        file = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(pixels)).resize(size, Image.Resampling.BICUBIC).save(
            file, "JPEG", quality=QUALITY
        )
        return file.getvalue()


def _with_one(latents: torch.Tensor) -> torch.Tensor:
    """Latents of shape (n, channels, height, width) as rows (n·height·width, channels + 1), the last column ones."""
    rows = latents.permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    return torch.cat([rows, torch.ones(len(rows), 1)], dim=1)
