"""FLUX.2: pictures from a prompt, or from a prompt and several pictures."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import Flux2Latents


class Flux2(Family):
    """Guidance is distilled, without negative prompts; inputs keep their sizes."""

    pipelines: ClassVar = {Task.TXT2IMG: "Flux2Pipeline", Task.EDIT: "Flux2Pipeline"}
    negative_prompt = False
    max_images = 3
    resizes_inputs = False
    latents = Flux2Latents()

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"image": list(call.inputs[0])} if call.request.task is Task.EDIT else {}
