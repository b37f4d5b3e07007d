"""Bria FIBO."""

from typing import ClassVar

from ..types import Task
from .family import Family
from .latents import SequenceLatents


class BriaFibo(Family):
    """Guided against a negative prompt; trained on captions in JSON, reads plain ones less well."""

    pipelines: ClassVar = {Task.TXT2IMG: "BriaFiboPipeline"}
    joins = False  # its calls are as long as their prompts: seldom would two agree
    latents = SequenceLatents()
