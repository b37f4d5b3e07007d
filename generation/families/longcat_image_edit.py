"""LongCat-Image-Edit: one picture changed after an instruction."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import PackedLatents


class LongCatImageEdit(Family):
    """Works at about a megapixel in the input's shape, whatever size is asked for."""

    pipelines: ClassVar = {Task.EDIT: "LongCatImageEditPipeline"}
    latents = PackedLatents()

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        arguments = super().sampling_arguments(call)
        del arguments["width"], arguments["height"]
        return arguments

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": call.first_inputs()[0]}
