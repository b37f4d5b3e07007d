"""JoyImage-Edit-Plus: one to five pictures and an instruction."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import NO_FP16, Call, Family
from .latents import TargetPatches


class JoyImageEditPlus(Family):
    """Takes the pictures in order, at any size, and scales each to about a megapixel itself."""

    pipelines: ClassVar = {Task.EDIT: "JoyImageEditPlusPipeline"}
    precisions = NO_FP16
    max_images = 5
    resizes_inputs = False
    # It reads its text encoder's layer by a hook, which is called for everybody's prompts while it waits for its turn.
    joins = False
    latents = TargetPatches()

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        words = super().prompt_arguments(call)
        words["negative_prompt"] = [text or " " for text in words["negative_prompt"]]
        return words

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"images": [list(inputs) for inputs in call.inputs]}
