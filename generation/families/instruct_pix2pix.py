"""InstructPix2Pix: edits a picture by an instruction, on the architecture of Stable Diffusion 1.5 or XL."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call
from .stable_diffusion import StableDiffusion

IMAGE_GUIDANCE = 1.5  # how strictly the input is followed; Brooks, Holynski and Efros, 2023, section 3.2.1


class InstructPix2Pix(StableDiffusion):
    """The input's size decides the picture's size."""

    pipelines: ClassVar = {Task.EDIT: ""}

    @override
    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        settings = super().sampling_arguments(call)
        del settings["width"], settings["height"]
        return {**settings, "image_guidance_scale": IMAGE_GUIDANCE}
