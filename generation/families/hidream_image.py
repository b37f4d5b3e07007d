"""HiDream I1."""

from typing import ClassVar

from ..types import Task
from .family import NO_FP16, Family


class HiDreamImage(Family):
    """Works at about a megapixel; its checkpoint must hold the fourth text encoder, which the maker's leaves out."""

    pipelines: ClassVar = {Task.TXT2IMG: "HiDreamImagePipeline"}
    precisions = NO_FP16
    joins = False  # 57 dB: its experts add up what they get in another order beside other rows
