"""AuraFlow."""

from typing import ClassVar

from ...types import Task
from .family import Family


class AuraFlow(Family):
    """Guidance with a negative prompt."""

    joins = False  # not shown to be exact
    pipelines: ClassVar = {Task.TXT2IMG: "AuraFlowPipeline"}
