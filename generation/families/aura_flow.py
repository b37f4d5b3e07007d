"""AuraFlow."""

from typing import ClassVar

from ..types import Task
from .family import Family


class AuraFlow(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {Task.TXT2IMG: "AuraFlowPipeline"}
