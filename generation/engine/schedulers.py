"""Noise schedulers of diffusers by the names that people know from other tools."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import diffusers

from .inpaint import InpaintBlender

DEFAULT = "Default"  # the scheduler that was saved with the model

CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "Euler trailing": ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "LCM": ("LCMScheduler", {}),
    "TCD": ("TCDScheduler", {}),
    "Euler flow": ("FlowMatchEulerDiscreteScheduler", {}),
}


class StepObserver:
    """Watches a scheduler's steps, and keeps its estimate of the finished latents, for previews without noise.

    This works with every pipeline, whatever callbacks it takes.
    """

    #: the estimate after the latest step
    latents: Any
    #: restores the kept part of a picture, if the pipeline does not
    blender: InpaintBlender | None

    def __init__(self, scheduler: Any, on_step: Callable[[int], None] = lambda _: None) -> None:
        """``on_step`` is called after each step with how many are done; it may raise to end the pipeline."""
        self._scheduler = scheduler
        self._step = scheduler.step
        self._on_step = on_step
        self._done = 0
        self.latents = self.blender = None
        # Pipelines look at its parameters to see whether it takes a generator; without one a seed means nothing.
        scheduler.step = wraps(self._step)(partial(self._watched))

    def _watched(self, model_output: Any, timestep: Any, sample: Any, *args: Any, **kwargs: Any) -> Any:
        output = self._step(model_output, timestep, sample, *args, **kwargs)
        # Multistep solvers keep their estimates; a flow leads straight to its end; others return the estimate last.
        if kept := getattr(self._scheduler, "model_outputs", None):
            self.latents = kept[-1]
        elif type(self._scheduler) is diffusers.FlowMatchEulerDiscreteScheduler:
            self.latents = sample - self._scheduler.sigmas[self._scheduler.step_index - 1] * model_output
        else:
            self.latents = output[-1]
        # Second order schedulers take two calls for a step, except the last.
        self._on_step(self._done // self._scheduler.order + 1)
        self._done += 1
        return (self.blender.blend(timestep, output[0]), *output[1:]) if self.blender else output


def make_scheduler(name: str, config: Any) -> Any:
    """Return a new scheduler object for one call, since they keep state while they run.

    ``config`` is that of the model's own scheduler (prediction type, betas, spacing).
    """
    class_name, options = (config["_class_name"], {}) if name == DEFAULT else CLASSES[name]
    scheduler = getattr(diffusers, class_name).from_config(config, **options)
    if hasattr(scheduler, "set_begin_index"):
        set_timesteps = scheduler.set_timesteps

        @wraps(set_timesteps)
        def from_the_first(*args: Any, **kwargs: Any) -> None:
            # Else a step is looked up by its number, which some schedules have twice; img2img sets its own afterwards.
            set_timesteps(*args, **kwargs)
            scheduler.set_begin_index(0)

        scheduler.set_timesteps = from_the_first
    return scheduler
