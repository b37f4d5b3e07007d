"""FLUX.1: dev, schnell, Krea, Fill, and models of their build."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import PackedLatents

FILL = "FluxFillPipeline"
SHORT = 256  # tokens; docs/source/en/api/pipelines/flux.md of diffusers
TRUE_GUIDANCE = 1.5  # against a negative prompt, beside distilled guidance: diffusers' pull request 9445


class Flux(Family):
    """Guidance is distilled; a negative prompt needs true guidance, which doubles the work."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "FluxPipeline",
        Task.IMG2IMG: "FluxImg2ImgPipeline",
        Task.INPAINT: "FluxInpaintPipeline",
    }
    special: ClassVar = {Task.INPAINT: (FILL,)}
    latents = PackedLatents()
    negative_above = 0.0

    @override
    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        arguments = super().arguments(pipeline, call)
        if type(pipeline).__name__ == FILL:  # it takes no negative prompt
            for name in ("negative_prompt", "true_cfg_scale"):
                arguments.pop(name, None)
        return arguments

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        settings = super().sampling_arguments(call)
        # FLUX.1 schnell and its relatives, run without guidance, were made for 256 tokens, the others for 512.
        return settings if call.request.guidance_scale else {**settings, "max_sequence_length": SHORT}

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        words = super().prompt_arguments(call)
        if any(words["negative_prompt"]) and call.request.guidance_scale > self.negative_above:
            return {**words, "true_cfg_scale": TRUE_GUIDANCE}
        del words["negative_prompt"]
        return words
