"""Chroma: FLUX.1's architecture without distilled guidance."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import PackedLatents


class Chroma(Family):
    """Guidance with a negative prompt."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "ChromaPipeline",
        Task.IMG2IMG: "ChromaImg2ImgPipeline",
        Task.INPAINT: "ChromaInpaintPipeline",
    }
    latents = PackedLatents()

    @override
    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        pipeline = super().pipeline(loaded, call, scheduler)
        # Its inpainting was copied from FLUX.1's in diffusers 0.42, and asks for a setting that Chroma does not have.
        pipeline.transformer.register_to_config(guidance_embeds=False)
        return pipeline
