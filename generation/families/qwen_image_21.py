"""Qwen-Image 2.1: pictures from words, and edits of one to ten pictures, by one model."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call
from .latents import SequenceLatents
from .qwen_image import QwenImage


class QwenImage21(QwenImage):
    """Takes the pictures of an edit in order, at any size; meant to run without guidance."""

    pipelines: ClassVar = {Task.TXT2IMG: "QwenImage21Pipeline", Task.EDIT: "QwenImage21Pipeline"}
    max_images = 10
    resizes_inputs = False
    joins = False  # each call keeps keys and values of its own prompt and pictures between steps
    latents = SequenceLatents()

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": list(call.inputs[0])} if call.request.task is Task.EDIT else {}

    @override
    def first_picture(self, output: Any) -> Any:
        """Return the picture, laid on white where it is transparent."""
        picture = super().first_picture(output)
        colours, opacity = picture[:3], picture[3:]
        return colours * opacity + (1 - opacity) if len(opacity) else colours
