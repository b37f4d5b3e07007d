"""Kandinsky 5 Image Lite: from words, or a picture changed after an instruction."""

from typing import Any, ClassVar

from ..types import Task
from .family import Call, Family
from .latents import FrameLatents


class Kandinsky5(Family):
    """Makes a few sizes of about a megapixel alone, and chooses the one nearest in shape by itself."""

    joins = False  # its calls are as long as their prompts: seldom would two agree
    pipelines: ClassVar = {Task.TXT2IMG: "Kandinsky5T2IPipeline", Task.EDIT: "Kandinsky5I2IPipeline"}
    latents = FrameLatents()

    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": call.first_inputs()[0]} if call.request.task is Task.EDIT else {}
