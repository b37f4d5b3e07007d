"""diffusers' noise schedulers by the names that people know from other tools."""

from typing import Any

import diffusers

CLASSES: dict[str, tuple[str, dict[str, Any]]] = {
    "DDIM": ("DDIMScheduler", {}),
    "DPM++ 2M": ("DPMSolverMultistepScheduler", {}),
    "DPM++ 2M Karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "UniPC": ("UniPCMultistepScheduler", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
}


def make_scheduler(name: str, config: Any) -> Any:
    """A scheduler object of its own for one call: they keep state while they run.

    ``config`` is that of the model's own scheduler (prediction type, betas, spacing).
    """
    class_name, options = CLASSES[name]
    return getattr(diffusers, class_name).from_config(config, **options)
