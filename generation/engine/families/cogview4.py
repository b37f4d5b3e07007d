"""CogView4."""

from typing import ClassVar

from ...types import Task
from .family import Family


class CogView4(Family):
    """Guidance with a negative prompt."""

    joins = False  # not shown to be exact
    pipelines: ClassVar = {Task.TXT2IMG: "CogView4Pipeline"}
