"""FLUX.1: dev, schnell, Krea, Fill, and models of their build."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import PackedLatents

FILL = "FluxFillPipeline"


class Flux(Family):
    """Guidance is distilled; a negative prompt needs true guidance, which doubles the work."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "FluxPipeline",
        Task.IMG2IMG: "FluxImg2ImgPipeline",
        Task.INPAINT: "FluxInpaintPipeline",
    }
    special: ClassVar = {Task.INPAINT: (FILL,)}
    latents = PackedLatents()

    @override
    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        arguments = super().arguments(pipeline, call)
        if type(pipeline).__name__ == FILL:  # it takes no negative prompt
            for name in ("negative_prompt", "true_cfg_scale"):
                arguments.pop(name, None)
        return arguments

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        words = super().prompt_arguments(call)
        if any(words["negative_prompt"]):
            return {**words, "true_cfg_scale": call.request.guidance_scale}
        del words["negative_prompt"]
        return words
