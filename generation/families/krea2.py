"""Krea 2, Raw and Turbo."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family
from .latents import QwenLatents


class Krea2(Family):
    """Guidance with a negative prompt, in which 0 is none: its scale is one less than elsewhere."""

    pipelines: ClassVar = {Task.TXT2IMG: "Krea2Pipeline"}
    latents = QwenLatents()
    negative_above = 0.0

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        words = super().prompt_arguments(call)
        if call.request.guidance_scale <= 0:
            del words["negative_prompt"]
        return words
