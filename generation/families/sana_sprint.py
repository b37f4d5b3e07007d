"""Sana Sprint, from words or from a picture."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call
from .sana import Sana


class SanaSprint(Sana):
    """Distilled to one to four steps; changes a picture with a strength too."""

    pipelines: ClassVar = {Task.TXT2IMG: "SanaSprintPipeline", Task.IMG2IMG: "SanaSprintImg2ImgPipeline"}
    checkpoints = ()
    negative_prompt = False

    @override
    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        arguments = super(Sana, self).arguments(pipeline, call)
        if call.request.num_inference_steps != 2:  # its second step's place is fixed, and asked for two steps only
            arguments["intermediate_timesteps"] = None
        return arguments
