"""The seam: what the engine asks of a family, and what most families answer.

The families' modules import neither torch nor diffusers, so that any process may ask what a family can do.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from PIL import Image

from ..strength import flow_steps_run
from ..types import Picture, Precision, Request, Task
from .latents import Latents

#: of families whose numbers pass fp16's range, which makes black pictures: supported_inference_dtypes in ComfyUI's
#: comfy/supported_models.py; for Sana docs/source/en/api/pipelines/sana.md of diffusers
NO_FP16 = (Precision.BF16, Precision.FP32)


@dataclass(frozen=True)
class Call:
    """Pictures that are made in one call of a pipeline; they differ only in prompt, seed and input."""

    pictures: Sequence[Picture]
    #: size in pixels at which the pipeline works
    size: tuple[int, int]
    #: the inputs of each picture, at that size if the family resizes them; empty for txt2img
    inputs: Sequence[Sequence[Image.Image]]
    #: torch's generator of each picture, with its seed
    generators: Sequence[Any] = ()

    @property
    def request(self) -> Request:
        """The request of the first picture, for what all have in common."""
        return self.pictures[0].request

    def first_inputs(self) -> list[Image.Image]:
        """Return the picture that each starts from."""
        return [inputs[0] for inputs in self.inputs]

    def masks(self) -> list[Image.Image]:
        """Return the masks of an inpaint request, mode L, white where the picture is repainted."""
        return [inputs[-1].convert("L") for inputs in self.inputs]


class Family:
    """What most families do; each family's module says what differs."""

    #: diffusers' class for each task that the family can do; empty for the checkpoint's own class
    pipelines: ClassVar[Mapping[Task, str]]
    #: classes of its checkpoints, if ``pipelines`` leaves it to them
    checkpoints: ClassVar[tuple[str, ...]] = ()
    #: checkpoints' classes that are made for a task, and are kept for it
    special: ClassVar[Mapping[Task, tuple[str, ...]]] = {}
    #: the pipeline's argument that guidance_scale goes to
    guidance: ClassVar[str] = "guidance_scale"
    #: whether it takes a negative prompt
    negative_prompt: ClassVar[bool] = True
    #: guidance scale above which it reads the negative prompt
    negative_above: ClassVar[float] = 1.0
    #: tokens that its pipelines take of a prompt that is longer than they usually read; None if that is all they take
    most_tokens: ClassVar[int | None] = None
    #: how many pictures an edit may start from
    max_images: ClassVar[int] = 1
    #: whether inputs are resized to the picture's size; otherwise they keep theirs
    resizes_inputs: ClassVar[bool] = True
    #: whether its pictures may share forward passes: a test compares them with those made alone
    joins: ClassVar[bool] = True
    #: whether its pipelines draw some of their numbers from torch's global generator, which is given the seed, too
    global_generator: ClassVar[bool] = False
    #: whether it reads weights in prompts, textual inversions, and long prompts in chunks, as CLIP's encoders can
    weighs_prompts: ClassVar[bool] = False
    #: precision in which it is loaded on a device with fast half precision
    half_precision: ClassVar[Precision] = Precision.BF16
    #: precisions that its models run in; see NO_FP16
    precisions: ClassVar[Sequence[Precision]] = tuple(Precision)
    #: layout of its latents; None if they cannot be previewed
    latents: ClassVar[Latents | None] = Latents()

    @property
    def tasks(self) -> frozenset[Task]:
        """Tasks that models of the family may do; a checkpoint may do only some of them."""
        return frozenset(self.pipelines)

    def steps(self, request: Request) -> int:
        """Return how many steps the pipeline runs; most families are flow models."""
        return flow_steps_run(request.num_inference_steps, request.strength)

    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        """Return a new pipeline object for one call, with the loaded pipeline's modules."""
        return rebuilt(loaded, self.pipeline_class(loaded, call.request.task), scheduler=scheduler)

    def needs_blending(self, loaded: Any, task: Task) -> bool:
        """Whether inpainting needs InpaintBlender, because the pipeline does not keep the unmasked part."""
        del loaded, task  # for families that decide by them
        return False

    def pipeline_class(self, loaded: Any, task: Task) -> Callable[..., Any]:
        """Return the class of the pipeline that does the task with the loaded pipeline's modules."""
        name = self.pipelines[task]
        if not name or type(loaded).__name__ in self.special.get(task, ()):
            return type(loaded)
        import diffusers  # only in the worker's child

        found: Callable[..., Any] = getattr(diffusers, name)
        return found

    def arguments(self, pipeline: Any, call: Call) -> dict[str, Any]:
        """Return the arguments of that pipeline; lists if the pictures may differ."""
        del pipeline  # for families that decide by its class
        return self.prompt_arguments(call) | self.sampling_arguments(call) | self.image_arguments(call)

    def prompt_arguments(self, call: Call) -> dict[str, Any]:
        """Return prompts, negative prompts and the guidance scale."""
        words: dict[str, Any] = {"prompt": [picture.request.prompt for picture in call.pictures]}
        if self.guidance:
            words[self.guidance] = call.request.guidance_scale
        if self.negative_prompt:
            words["negative_prompt"] = [picture.request.negative_prompt for picture in call.pictures]
        return words

    def sampling_arguments(self, call: Call) -> dict[str, Any]:
        """Return steps, size, generators, and that the picture stays on the device."""
        return {
            "num_inference_steps": call.request.num_inference_steps,
            "width": call.size[0],
            "height": call.size[1],
            "generator": list(call.generators),
            "output_type": "pt",
        }

    def image_arguments(self, call: Call) -> dict[str, Any]:
        """Return inputs, masks and strength, if the task has them."""
        task = call.request.task
        if task is Task.TXT2IMG:
            return {}
        arguments: dict[str, Any] = {"image": call.first_inputs()}
        if task is Task.INPAINT:
            arguments["mask_image"] = call.masks()
        if call.request.strength is not None:
            arguments["strength"] = call.request.strength
        return arguments

    def first_picture(self, output: Any) -> Any:
        """Return the picture in a pipeline's output: a tensor (3, height, width) from 0 to 1, or a PIL image."""
        return (output.images if "images" in output else output.image)[0]


def rebuilt(loaded: Any, pipeline_class: Callable[..., Any], **changed: Any) -> Any:
    """Return a new pipeline with the loaded pipeline's modules and settings, except for ``changed``.

    Not ``from_pipe``, which converts all modules to float32 unless a dtype is given.
    """
    known = {**loaded.config, **loaded.components, **changed}
    wanted = inspect.signature(pipeline_class).parameters
    return pipeline_class(**{name: known[name] for name in wanted if name in known})
