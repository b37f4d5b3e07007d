"""GLM-Image: a language model plans the picture, a transformer draws it."""

from typing import ClassVar

from ..types import Task
from .family import Family
from .latents import NormalisedLatents


class GlmImage(Family):
    """Pictures from words; words in quotes are drawn as they are written."""

    pipelines: ClassVar = {Task.TXT2IMG: "GlmImagePipeline"}
    negative_prompt = False
    # The plan is drawn by torch's global numbers, which the pipeline seeds: nothing else may draw meanwhile.
    joins = False
    latents = NormalisedLatents()
