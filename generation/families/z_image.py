"""Z-Image and Z-Image-Turbo."""

from typing import ClassVar

from ..types import Task
from .family import NO_FP16, Family


class ZImage(Family):
    """Guidance with a negative prompt; 0 for Turbo."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "ZImagePipeline",
        Task.IMG2IMG: "ZImageImg2ImgPipeline",
        Task.INPAINT: "ZImageInpaintPipeline",
    }
    precisions = NO_FP16
    negative_above = 0.0
