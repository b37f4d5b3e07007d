"""CogView4."""

from typing import ClassVar

from ..types import Task
from .family import Family


class CogView4(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {Task.TXT2IMG: "CogView4Pipeline"}
