"""Nucleus-Image: a mixture of experts."""

from typing import ClassVar

from ..types import Task
from .family import Family
from .latents import QwenLatents


class NucleusImage(Family):
    """A flow model with Qwen-Image's autoencoder; guided against a negative prompt."""

    pipelines: ClassVar = {Task.TXT2IMG: "NucleusMoEImagePipeline"}
    # Its experts choose among all tokens of a pass, so what shares it changes what they take.
    joins = True
    latents = QwenLatents()
