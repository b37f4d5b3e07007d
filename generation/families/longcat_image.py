"""LongCat-Image."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import PackedLatents


class LongCatImage(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {Task.TXT2IMG: "LongCatImagePipeline"}
    latents = PackedLatents()

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        # Otherwise its text encoder writes another prompt first.
        return {**super().sampling_arguments(call), "enable_prompt_rewrite": False}
