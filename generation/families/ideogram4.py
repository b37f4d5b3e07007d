"""Ideogram 4."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family
from .latents import Flux2Latents


class Ideogram4(Family):
    """Guided by a second denoiser that sees no prompt; trained on captions in JSON, reads plain ones less well."""

    pipelines: ClassVar = {Task.TXT2IMG: "Ideogram4Pipeline"}
    precisions = NO_FP16
    negative_prompt = False
    latents = Flux2Latents()

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        return {**super().prompt_arguments(call), "guidance_schedule": None}
