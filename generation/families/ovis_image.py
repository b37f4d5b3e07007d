"""Ovis-Image."""

from typing import ClassVar

from ..types import Task
from .family import Family
from .latents import PackedLatents


class OvisImage(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {Task.TXT2IMG: "OvisImagePipeline"}
    latents = PackedLatents()
