"""Qwen-Image."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family
from .latents import QwenLatents


class QwenImage(Family):
    """Guided against a negative prompt, which must be given, by true_cfg_scale; 1 for distilled relatives."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "QwenImagePipeline",
        Task.IMG2IMG: "QwenImageImg2ImgPipeline",
        Task.INPAINT: "QwenImageInpaintPipeline",
    }
    precisions = NO_FP16
    most_tokens = 1024
    guidance = "true_cfg_scale"
    latents = QwenLatents()

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        words = super().prompt_arguments(call)
        # An empty prompt has no tokens after the template is cut off.
        words["negative_prompt"] = [text or " " for text in words["negative_prompt"]]
        if call.request.guidance_scale <= 1:
            del words["negative_prompt"]
        return words
