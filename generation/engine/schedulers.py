"""diffusers' noise schedulers by the names that people know from other tools."""

from typing import Any

import diffusers

DEFAULT = "Default"  # the scheduler that was saved with the model

CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "Euler flow": ("FlowMatchEulerDiscreteScheduler", {}),
}


class Estimate:
    """What the finished latents would be, as a scheduler estimates them at each step; for previews without noise."""

    def __init__(self, scheduler: Any) -> None:
        self._scheduler = scheduler
        self._step = scheduler.step
        self.latents: Any = None
        scheduler.step = self._watched

    def _watched(self, *args: Any, **kwargs: Any) -> Any:
        output = self._step(*args, **kwargs)
        # Multistep solvers keep their estimates; the others return theirs beside the next latents.
        kept = getattr(self._scheduler, "model_outputs", None)
        self.latents = kept[-1] if kept else output[-1]
        return output


def make_scheduler(name: str, config: Any) -> Any:
    """A scheduler object of its own for one call: they keep state while they run.

    ``config`` is that of the model's own scheduler (prediction type, betas, spacing).
    """
    class_name, options = (config["_class_name"], {}) if name == DEFAULT else CLASSES[name]
    return getattr(diffusers, class_name).from_config(config, **options)
