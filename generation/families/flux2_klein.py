"""FLUX.2 Klein: the small FLUX.2, distilled to a few steps or not."""

from typing import ClassVar

from ..types import Task
from .flux2 import Flux2


class Flux2Klein(Flux2):
    """The base models are guided against an empty prompt, the distilled ones not at all."""

    pipelines: ClassVar = {Task.TXT2IMG: "Flux2KleinPipeline", Task.EDIT: "Flux2KleinPipeline"}
