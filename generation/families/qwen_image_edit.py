"""Qwen-Image-Edit: one picture changed after an instruction."""

from typing import Any, ClassVar

from ..types import Task
from .family import Call
from .qwen_image import QwenImage


class QwenImageEdit(QwenImage):
    """Its text encoder sees the picture."""

    pipelines: ClassVar = {Task.EDIT: "QwenImageEditPipeline", Task.INPAINT: "QwenImageEditInpaintPipeline"}
    fits_inputs = True

    def pictures(self, call: Call) -> dict[str, Any]:
        arguments = super().pictures(call)
        return {name: value[0] if isinstance(value, list) else value for name, value in arguments.items()}
