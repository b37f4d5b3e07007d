"""Qwen-Image-Edit: edits one picture by an instruction."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call
from .qwen_image import QwenImage


class QwenImageEdit(QwenImage):
    """Its text encoder sees the picture."""

    pipelines: ClassVar = {Task.EDIT: "QwenImageEditPipeline", Task.INPAINT: "QwenImageEditInpaintPipeline"}
    resizes_inputs = True

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        arguments = super().image_arguments(call)
        return {name: value[0] if isinstance(value, list) else value for name, value in arguments.items()}
