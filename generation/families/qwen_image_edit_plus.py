"""Qwen-Image-Edit 2509, 2511 and later: one to three pictures and an instruction."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call
from .qwen_image_edit import QwenImageEdit


class QwenImageEditPlus(QwenImageEdit):
    """Takes the pictures in order, at any size, and scales them to about a megapixel itself."""

    pipelines: ClassVar = {Task.EDIT: "QwenImageEditPlusPipeline"}
    max_images = 3
    resizes_inputs = False

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": list(call.inputs[0])}
