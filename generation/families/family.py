"""The seam: what the engine asks of a family, and what most families answer.

The families' files load neither torch nor diffusers, so that anything may ask what a family can do.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PIL import Image, ImageOps

from ..types import Picture, Precision, Request, Task
from .latents import Latents


@dataclass(frozen=True)
class Call:
    """Pictures that are made in one call of a pipeline; they differ in prompt, seed and input alone."""

    pictures: Sequence[Picture]
    #: size in pixels at which the pipeline works
    size: tuple[int, int]
    #: for each picture its inputs, at that size where the family wants them so; empty for txt2img
    inputs: Sequence[Sequence[Image.Image]]

    @property
    def request(self) -> Request:
        """What all have in common."""
        return self.pictures[0].request

    def first_inputs(self) -> list[Image.Image]:
        """The picture that each starts from."""
        return [inputs[0] for inputs in self.inputs]

    def masks(self) -> list[Image.Image]:
        """The masks of an inpaint request, white where the picture is made anew."""
        return [inputs[-1].convert("L") for inputs in self.inputs]


class Family:
    """What a family does in the usual way; each family's own file says what differs."""

    #: diffusers' class for each task that the family can do; empty where it is the checkpoint's own
    pipelines: ClassVar[Mapping[Task, str]]
    #: classes that a checkpoint may be of which are kept for a task, since they are made for it
    special: ClassVar[Mapping[Task, tuple[str, ...]]] = {}
    #: the pipeline's argument that guidance_scale goes to
    guidance: ClassVar[str] = "guidance_scale"
    #: whether it can be told what to avoid
    negative_prompt: ClassVar[bool] = True
    #: how many pictures an edit may start from
    max_images: ClassVar[int] = 1
    #: whether inputs are brought to the size of the picture; else they keep their own
    resizes_inputs: ClassVar[bool] = True
    #: whether its pictures may share a forward pass: a test shows that they come out as they do alone, to 60 dB
    joins: ClassVar[bool] = True
    #: precision in which it is loaded where the device computes in half of it
    half_precision: ClassVar[Precision] = Precision.BF16
    #: how its latents are laid out; None where they cannot be shown
    latents: ClassVar[Latents | None] = Latents()

    @property
    def tasks(self) -> frozenset[Task]:
        """What models of the family may be able to do; a checkpoint may be made for a part of it."""
        return frozenset(self.pipelines)

    def steps(self, request: Request) -> int:
        """How many steps the pipeline runs: with a strength, flow models leave out the first (1 - strength) of them."""
        steps = request.num_inference_steps
        return steps if request.strength is None else steps - int(max(steps - min(steps * request.strength, steps), 0))

    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        """A pipeline object of its own for one call, on the loaded one's modules."""
        return rebuilt(loaded, self.pipeline_class(loaded, call.request.task), scheduler=scheduler)

    def needs_blending(self, loaded: Any, task: Task) -> bool:
        """Whether the kept part of a picture must be put back after every step, since the pipeline does not do it."""
        return False

    def pipeline_class(self, loaded: Any, task: Task) -> Callable[..., Any]:
        """The class of the pipeline that does the task with the loaded one's modules."""
        name = self.pipelines[task]
        if not name or type(loaded).__name__ in self.special.get(task, ()):
            return type(loaded)
        import diffusers  # only in the worker's child

        found: Callable[..., Any] = getattr(diffusers, name)
        return found

    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        """The arguments of that pipeline; lists where the pictures may differ."""
        return self.prompt_arguments(call) | self.sampling_arguments(call) | self.image_arguments(call)

    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        """Prompts, what to avoid, and how strictly the words are followed."""
        words: dict[str, Any] = {"prompt": [picture.request.prompt for picture in call.pictures]}
        if self.guidance:
            words[self.guidance] = call.request.guidance_scale
        if self.negative_prompt:
            words["negative_prompt"] = [picture.request.negative_prompt for picture in call.pictures]
        return words

    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        """Steps, size and seeds."""
        return {
            "num_inference_steps": call.request.num_inference_steps,
            "width": call.size[0],
            "height": call.size[1],
            "generator": [generator(picture.request.seed) for picture in call.pictures],
        }

    def image_arguments(self, call: Call) -> dict[str, Any]:
        """The inputs, the mask and the strength, as far as the task has them."""
        task = call.request.task
        if task is Task.TXT2IMG:
            return {}
        arguments: dict[str, Any] = {"image": call.first_inputs()}
        if task is Task.INPAINT:
            arguments["mask_image"] = call.masks()
        if call.request.strength is not None:
            arguments["strength"] = call.request.strength
        return arguments

    def output_images(self, output: Any, call: Call) -> list[Image.Image]:
        """The pictures in what the pipeline returns, at the size that was asked for: some choose one by themselves."""
        found: Sequence[Image.Image] = output.images if "images" in output else output.image
        return [
            image if image.size == call.size else ImageOps.fit(image, call.size, Image.Resampling.LANCZOS)
            for image in found
        ]


def generator(seed: int) -> Any:
    """Chance from a seed: on the CPU whatever the device, so that a seed means the same picture on every machine."""
    import torch  # only in the worker's child

    return torch.Generator().manual_seed(seed)


def rebuilt(loaded: Any, pipeline_class: Callable[..., Any], **changed: Any) -> Any:
    """A new pipeline on the loaded one's modules and settings, but for what is changed.

    Not ``from_pipe``, which turns all modules into float32 unless it is told otherwise.
    """
    known = {**loaded.config, **loaded.components, **changed}
    wanted = inspect.signature(pipeline_class).parameters
    return pipeline_class(**{name: known[name] for name in wanted if name in known})
