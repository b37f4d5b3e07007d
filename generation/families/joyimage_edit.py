"""JoyImage-Edit: one picture changed after an instruction."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family
from .latents import ItemLatents


class JoyImageEdit(Family):
    """Works at about a megapixel in the shape that is asked for."""

    pipelines: ClassVar = {Task.EDIT: "JoyImageEditPipeline"}
    precisions = NO_FP16
    # It draws a sample of the given picture's latents from torch's global numbers: nothing else may, meanwhile.
    joins = False
    global_generator = True
    latents = ItemLatents()

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": call.first_inputs()[0]}
