"""ERNIE-Image and ERNIE-Image-Turbo."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family
from .latents import PatchLatents


class ErnieImage(Family):
    """Guidance with a negative prompt; 1 for Turbo."""

    pipelines: ClassVar = {Task.TXT2IMG: "ErnieImagePipeline"}
    precisions = NO_FP16
    joins = False  # its calls are as long as their prompts: seldom would two agree
    latents = PatchLatents()

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        # Otherwise a language model writes another prompt, by chance that no seed decides.
        return {**super().sampling_arguments(call), "use_pe": False}
