"""Lumina Image 2."""

from typing import ClassVar

from ..types import Task
from .family import NO_FP16, Family


class Lumina2(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {Task.TXT2IMG: "Lumina2Pipeline"}
    precisions = NO_FP16
    most_tokens = 512
