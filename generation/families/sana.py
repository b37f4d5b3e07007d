"""Sana and Sana Sprint."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family
from .latents import DeepLatents

SPRINT = "SanaSprintPipeline"  # distilled: it takes no negative prompt


class Sana(Family):
    """An autoencoder with deep compression, so sizes are multiples of 32."""

    pipelines: ClassVar = {Task.TXT2IMG: ""}
    precisions = NO_FP16
    checkpoints: ClassVar[tuple[str, ...]] = ("SanaPipeline", SPRINT)
    latents = DeepLatents()

    @override
    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        arguments = super().arguments(pipeline, call)
        if type(pipeline).__name__ == SPRINT:
            del arguments["negative_prompt"]
            if call.request.num_inference_steps != 2:  # its second step's place is fixed, and asked for two steps only
                arguments["intermediate_timesteps"] = None
        return arguments

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        # Otherwise it makes another size and stretches and crops that.
        return {**super().sampling_arguments(call), "use_resolution_binning": False}
