"""Chroma: FLUX.1's architecture without distilled guidance."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import PackedLatents

TOKENS = 512  # the most that its pipelines take, and what two of them do


class Chroma(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "ChromaPipeline",
        Task.IMG2IMG: "ChromaImg2ImgPipeline",
        Task.INPAINT: "ChromaInpaintPipeline",
    }
    latents = PackedLatents()

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        # Its inpainting would read half as much of a prompt as its other pipelines.
        return {**super().sampling_arguments(call), "max_sequence_length": TOKENS}

    @override
    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        pipeline = super().pipeline(loaded, call, scheduler)
        # Its inpainting was copied from FLUX.1's in diffusers 0.42, and asks for a setting that Chroma does not have.
        pipeline.transformer.register_to_config(guidance_embeds=False)
        return pipeline
