"""PixArt-Alpha and PixArt-Sigma."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import Latents


class PixArt(Family):
    """Prompts are not cleaned, sizes are not changed."""

    pipelines: ClassVar = {Task.TXT2IMG: ""}
    latents = Latents()

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        # Otherwise it makes another size and stretches and crops that, and needs more libraries to clean prompts.
        return {**super().sampling_arguments(call), "use_resolution_binning": False, "clean_caption": False}
