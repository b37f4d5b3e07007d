"""Stable Diffusion 3 and 3.5."""

from typing import ClassVar

from ..types import Task
from .family import Family


class StableDiffusion3(Family):
    """A flow model with guidance and a negative prompt."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "StableDiffusion3Pipeline",
        Task.IMG2IMG: "StableDiffusion3Img2ImgPipeline",
        Task.INPAINT: "StableDiffusion3InpaintPipeline",
    }
    most_tokens = 512
