"""FLUX.2 Klein: the small FLUX.2, distilled to a few steps or not."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call
from .flux2 import Flux2


class Flux2Klein(Flux2):
    """The base models are guided against an empty prompt, the distilled ones not at all."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "Flux2KleinPipeline",
        Task.EDIT: "Flux2KleinPipeline",
        Task.INPAINT: "Flux2KleinInpaintPipeline",
    }

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        if call.request.task is not Task.INPAINT:
            return super().image_arguments(call)
        return {"image": call.first_inputs(), "mask_image": call.masks(), "strength": call.request.strength}
