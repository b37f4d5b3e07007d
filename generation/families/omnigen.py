"""OmniGen: pictures from words, and edits of one to three pictures, by one model."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .family import Call, Family


class OmniGen(Family):
    """Takes the pictures of an edit in order, at any size; what to avoid is a separate sentence."""

    pipelines: ClassVar = {Task.TXT2IMG: "OmniGenPipeline", Task.EDIT: "OmniGenPipeline"}
    negative_prompt = False
    max_images = 3
    resizes_inputs = False
    # Given pictures are drawn from torch's global numbers.
    global_generator = True
    # Prompts of other lengths have other masks.
    joins = False

    @override
    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        words = super().prompt_arguments(call)
        words["prompt"] = [
            _marked(prompt, len(inputs)) for prompt, inputs in zip(words["prompt"], call.inputs, strict=True)
        ]
        return words

    @override
    def image_arguments(self, call: Call) -> dict[str, Any]:
        return {"input_images": [list(inputs) for inputs in call.inputs]} if call.request.task is Task.EDIT else {}


def _marked(prompt: str, count: int) -> str:
    """Return the prompt with the marks of its pictures, those that it lacks before it."""
    marks = [f"<img><|image_{place + 1}|></img>" for place in range(count)]
    return " ".join([*(mark for mark in marks if mark not in prompt), prompt])
