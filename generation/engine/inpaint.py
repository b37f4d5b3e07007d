"""Repainting a part of a picture and keeping the rest, with any pipeline that works on latents."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image, ImageFilter

from ..families.latents import Latents

FEATHER = 2  # pixels over which the two parts run into each other


class InpaintBlender:
    """Restores the noised latents of the kept part after every step (RePaint's plain form, arXiv:2201.09865)."""

    def __init__(
        self,
        vae: Any,
        scheduler: Any,
        images: Sequence[Image.Image],
        masks: Sequence[Image.Image],
        layout: Latents,
    ) -> None:
        """Encode the sources; masks are white where the picture is repainted."""
        self._scheduler = scheduler
        pixels = torch.stack([_tensor(image) for image in images]).to(vae.device, vae.dtype)
        self._latents = layout.encode(vae, pixels * 2 - 1)
        repaint = torch.stack([_tensor(mask) for mask in masks]).to(vae.device, vae.dtype)
        scaled = torch.nn.functional.interpolate(repaint, self._latents.shape[-2:], mode="area")
        #: 1 where the picture is repainted
        self._repaint = scaled.gt(0.25).to(vae.dtype)
        self._noise = torch.randn(self._latents.shape, generator=torch.Generator().manual_seed(0)).to(vae.device)

    def blend(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the latents after the scheduler's latest step, with the kept part as it would be there."""
        times = self._scheduler.timesteps
        after = self._scheduler.step_index  # counted, since reading the time would make a GPU wait
        kept = self._latents
        if after < len(times):
            kept = self._scheduler.add_noise(kept, self._noise.to(kept.dtype), times[after].expand(len(kept)))
        return self._repaint * latents + (1 - self._repaint) * kept.to(latents.dtype)


def merge(made: Image.Image, source: Image.Image, mask: Image.Image) -> Image.Image:
    """Return the source with what was made where the mask is white, with a soft edge; all of one size."""
    return Image.composite(made, source, mask.convert("L").filter(ImageFilter.GaussianBlur(FEATHER)))


def _tensor(image: Image.Image) -> torch.Tensor:
    """Return a picture as float32 (channels, height, width), 0 to 1."""
    flat = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).float() / 255
    return flat.reshape(image.height, image.width, -1).permute(2, 0, 1)
