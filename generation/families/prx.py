"""PRX."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import Latents, PlainOrDeepLatents


class Prx(Family):
    """With FLUX.1's autoencoder, or a deeper one; sizes are not changed."""

    pipelines: ClassVar = {Task.TXT2IMG: "PRXPipeline"}
    latents: ClassVar[Latents | None] = PlainOrDeepLatents()

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        words = super().prompt_arguments(call)
        words["guidance_scale"] = max(words["guidance_scale"], 1.0)  # less is an error there, and 1 is none
        return words

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        # Otherwise it makes another size and stretches and crops that.
        return {**super().sampling_arguments(call), "use_resolution_binning": False}
