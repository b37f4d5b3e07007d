"""FLUX.1 Kontext: edits a picture by an instruction, without a strength."""

from collections.abc import Sequence
from typing import Any, ClassVar

from PIL import Image
from typing_extensions import override

from ..types import Task
from .family import Call
from .flux import Flux


class FluxKontext(Flux):
    """Guided like FLUX.1; several inputs are placed side by side in one picture."""

    pipelines: ClassVar = {Task.EDIT: "FluxKontextPipeline", Task.INPAINT: "FluxKontextInpaintPipeline"}
    max_images = 3

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        width, height = call.size
        # Otherwise it chooses a size of about a megapixel itself.
        return {**super().sampling_arguments(call), "max_area": width * height, "_auto_resize": False}

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        if call.request.task is Task.EDIT:
            return {"image": [_side_by_side(inputs) for inputs in call.inputs]}
        return super().image_arguments(call)


def _side_by_side(images: Sequence[Image.Image]) -> Image.Image:
    """Join several inputs into one picture, since the model takes only one."""
    if len(images) == 1:
        return images[0]
    whole = Image.new("RGB", (sum(image.width for image in images), images[0].height))
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width
    return whole
