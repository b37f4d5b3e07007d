"""Chroma: FLUX.1's build without its distilled guidance."""

from typing import ClassVar

from ...types import Task
from .family import Family
from .latents import PackedLatents


class Chroma(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "ChromaPipeline",
        Task.IMG2IMG: "ChromaImg2ImgPipeline",
        Task.INPAINT: "ChromaInpaintPipeline",
    }
    latents = PackedLatents()
