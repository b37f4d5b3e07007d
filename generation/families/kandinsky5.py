"""Kandinsky 5 Image Lite: pictures from a prompt, or edits by an instruction."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family
from .latents import FrameLatents


class Kandinsky5(Family):
    """Makes only a few sizes of about a megapixel, and chooses the nearest aspect ratio itself."""

    joins = False  # sequence lengths depend on the prompts, so two calls would seldom match
    pipelines: ClassVar = {Task.TXT2IMG: "Kandinsky5T2IPipeline", Task.EDIT: "Kandinsky5I2IPipeline"}
    precisions = NO_FP16
    most_tokens = 1024
    latents = FrameLatents()

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": call.first_inputs()[0]} if call.request.task is Task.EDIT else {}
