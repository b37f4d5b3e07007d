"""PixArt-Alpha and PixArt-Sigma."""

from typing import Any, ClassVar

from ..types import Task
from .family import Call, Family
from .latents import Latents


class PixArt(Family):
    """Prompts are taken as they are written."""

    pipelines: ClassVar = {Task.TXT2IMG: ""}
    latents = Latents()

    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        # Else it makes a size of its own choice, and stretches and cuts that; and asks for libraries to clean prompts.
        return {**super().sampling_arguments(call), "use_resolution_binning": False, "clean_caption": False}
