"""Stable Diffusion 1.5 and 2.1, and models of their build."""

from typing import Any

import diffusers

from ...types import Task
from .family import Call

AUTO = {
    Task.TXT2IMG: diffusers.AutoPipelineForText2Image,
    Task.IMG2IMG: diffusers.AutoPipelineForImage2Image,
    # As img2img that puts the kept part back at every step: so any of the models can, not only those made for it.
    Task.INPAINT: diffusers.AutoPipelineForImage2Image,
}


class StableDiffusion:
    """Guidance with a negative prompt; img2img by strength."""

    previews = True

    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        return AUTO[call.request.task].from_pipe(loaded, scheduler=scheduler)

    def arguments(self, call: Call) -> dict[str, Any]:
        arguments = call.common()
        arguments["negative_prompt"] = [picture.request.negative_prompt for picture in call.pictures]
        if call.request.task is Task.TXT2IMG:
            return {**arguments, "width": call.size[0], "height": call.size[1]}
        images = [inputs[0] for inputs in call.inputs]
        return {**arguments, "image": images, "strength": call.request.strength}
