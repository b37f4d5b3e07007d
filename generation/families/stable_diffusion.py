"""Stable Diffusion 1.5 and 2.1, and models of their architecture."""

from collections.abc import Callable
from typing import Any, ClassVar

from typing_extensions import override

from ..types import Precision, Request, Task
from .family import Call, Family


class StableDiffusion(Family):
    """Guidance with a negative prompt; img2img by strength."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "StableDiffusionPipeline",
        Task.IMG2IMG: "StableDiffusionImg2ImgPipeline",
        # With a model that was not trained for it, the pipeline restores the unmasked part at every step.
        Task.INPAINT: "StableDiffusionInpaintPipeline",
    }
    half_precision = Precision.FP16  # their files come in it
    weighs_prompts = True

    @override
    def steps(self, request: Request) -> int:
        return request.steps_run

    @override
    def needs_blending(self, loaded: Any, task: Task) -> bool:
        # The stock pipeline only knows 4 latent channels, or 9 inputs for models trained for inpainting.
        return task is Task.INPAINT and loaded.unet.config.in_channels not in (4, 9)

    @override
    def pipeline_class(self, loaded: Any, task: Task) -> Callable[..., Any]:
        return super().pipeline_class(loaded, Task.IMG2IMG if self.needs_blending(loaded, task) else task)

    @override
    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        arguments = super().arguments(pipeline, call)
        if "Img2Img" in type(pipeline).__name__:  # the input's size decides
            for name in ("width", "height", "mask_image"):
                arguments.pop(name, None)
        return arguments
