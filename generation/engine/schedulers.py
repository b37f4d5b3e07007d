"""Noise schedulers of diffusers by the names that people know from other tools."""

from collections.abc import Callable
from functools import partial, wraps
from math import log
from typing import Any

import diffusers
import torch

from .inpaint import InpaintBlender

DEFAULT = "Default"  # the scheduler that was saved with the model

CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    # As diffusers' table of names has them, docs/source/en/api/schedulers/overview.md.
    "DPM++ SDE": ("DPMSolverSinglestepScheduler", {}),
    "DPM++ SDE Karras": ("DPMSolverSinglestepScheduler", {"use_karras_sigmas": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "Euler trailing": ("EulerDiscreteScheduler", {"timestep_spacing": "trailing"}),
    "LCM": ("LCMScheduler", {}),
    "TCD": ("TCDScheduler", {}),
    "Euler flow": ("FlowMatchEulerDiscreteScheduler", {}),
    # What Qwen-Image-Lightning was distilled with; ModelTC/Qwen-Image-Lightning, generate_with_diffusers.py.
    "Euler flow shift 3": (
        "FlowMatchEulerDiscreteScheduler",
        {
            "base_shift": log(3),
            "max_shift": log(3),
            "shift": 1.0,
            "shift_terminal": None,
            "use_dynamic_shifting": True,
            "time_shift_type": "exponential",
        },
    ),
}


#: of those that count their steps, the ones that look their tables up by the time all the same
BY_TIME = ("LCMScheduler", "TCDScheduler")


class TimesOnHost:
    """Tells a scheduler's step its time, and all others, on the host.

    DDIM, PNDM, DDPM, LCM and TCD look tables up by them; to read each from a GPU would make it wait at every step. The
    pipeline and the denoiser get them on the device as before. Schedulers that do not count their steps get a
    ``step_index``, as the others have it.
    """

    def __init__(self, scheduler: Any) -> None:
        """Take the place of the scheduler's ``set_timesteps`` and ``step``."""
        self._scheduler = scheduler
        self._host = torch.empty(0)
        self._set_timesteps, self._step = scheduler.set_timesteps, scheduler.step
        self._counts = hasattr(scheduler, "step_index")
        scheduler.set_timesteps = wraps(self._set_timesteps)(partial(self._set))
        scheduler.step = wraps(self._step)(partial(self._told))

    def _set(self, *args: Any, device: Any = None, **kwargs: Any) -> None:
        self._set_timesteps(*args, device="cpu", **kwargs)
        self._host = self._scheduler.timesteps
        self._scheduler.timesteps = self._host.to(device, non_blocking=True)

    def _told(self, model_output: Any, timestep: Any, *args: Any, **kwargs: Any) -> Any:
        on_device = self._scheduler.timesteps
        place = _place(timestep, on_device)
        self._scheduler.timesteps = self._host
        try:
            output = self._step(model_output, self._host[place], *args, **kwargs)
        finally:
            self._scheduler.timesteps = on_device
        if not self._counts:
            self._scheduler.step_index = place + 1
        return output


def _place(time: torch.Tensor, times: torch.Tensor) -> int:
    """Return a time's place among a scheduler's; those that a pipeline goes through are views, which say it unread."""
    if time.untyped_storage().data_ptr() == times.untyped_storage().data_ptr():
        return int(time.storage_offset() - times.storage_offset())
    return int((times == time).nonzero()[0])


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
        return (self.blender.blend(output[0]), *output[1:]) if self.blender else output


def make_scheduler(name: str, config: Any) -> Any:
    """Return a new scheduler object for one call, since they keep state while they run.

    ``config`` is that of the model's own scheduler (prediction type, betas, spacing).
    """
    class_name, options = (config["_class_name"], {}) if name == DEFAULT else CLASSES[name]
    if class_name == "FlowMatchEulerDiscreteScheduler" and "shift" not in config and "flow_shift" in config:
        options = {"shift": config["flow_shift"], **options}  # as the solvers that Sana is saved with call it
    scheduler = getattr(diffusers, class_name).from_config(config, **options)
    if hasattr(scheduler, "set_begin_index"):
        set_timesteps = scheduler.set_timesteps

        @wraps(set_timesteps)
        def from_the_first(*args: Any, **kwargs: Any) -> None:
            # Otherwise a step is looked up by its number, which some schedules have twice; img2img sets its own later.
            set_timesteps(*args, **kwargs)
            scheduler.set_begin_index(0)

        scheduler.set_timesteps = from_the_first
    if hasattr(scheduler, "alphas_cumprod") and (class_name in BY_TIME or not hasattr(scheduler, "step_index")):
        TimesOnHost(scheduler)
    return scheduler
