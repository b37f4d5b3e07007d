"""The seam: what the engine asks of a family."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from PIL import Image

from ...types import Picture, Request


@dataclass(frozen=True)
class Call:
    """Pictures that are made in one call of a pipeline; they differ in prompt, seed and input alone."""

    pictures: Sequence[Picture]
    #: size in pixels at which the pipeline works
    size: tuple[int, int]
    #: for each picture its inputs, already at that size; empty for txt2img
    inputs: Sequence[Sequence[Image.Image]]

    @property
    def request(self) -> Request:
        """What all have in common."""
        return self.pictures[0].request

    def common(self) -> dict[str, Any]:
        """The arguments that every pipeline takes; lists where the pictures may differ."""
        return {
            "prompt": [picture.request.prompt for picture in self.pictures],
            "num_inference_steps": self.request.num_inference_steps,
            "guidance_scale": self.request.guidance_scale,
            # On the CPU whatever the device, so that a seed means the same picture on every machine.
            "generator": [torch.Generator().manual_seed(picture.request.seed) for picture in self.pictures],
        }


class Family(Protocol):
    """One family of models."""

    #: whether the latents of its pipelines are laid out as (n, channels, height, width), for previews
    previews: bool

    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        """A pipeline object of its own for one call, on the loaded one's modules."""
        ...

    def arguments(self, call: Call) -> dict[str, Any]:
        """The pipeline's arguments."""
        ...
