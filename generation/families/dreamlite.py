"""DreamLite and DreamLite Mobile: pictures from words, and edits, by a small U-Net."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import TinyLatents

MOBILE = "DreamLiteMobilePipeline"  # distilled: it takes neither guidance nor a negative prompt


class DreamLite(Family):
    """Takes one prompt a call; the given picture lies beside the new one in its latents."""

    pipelines: ClassVar = {Task.TXT2IMG: "", Task.EDIT: ""}
    checkpoints = ("DreamLitePipeline", MOBILE)
    joins = False  # its prompts are not padded, so that hardly two could share a pass
    latents = TinyLatents()

    @override
    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        arguments = super().arguments(pipeline, call)
        if type(pipeline).__name__ == MOBILE:
            del arguments["negative_prompt"], arguments["guidance_scale"]
        return arguments

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        request = call.request
        return {
            "prompt": request.prompt,
            "negative_prompt": request.negative_prompt,
            "guidance_scale": request.guidance_scale,
        }

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": call.first_inputs()[0]} if call.request.task is Task.EDIT else {}
