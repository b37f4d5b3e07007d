"""How many of the denoising steps are run with a strength, which skips the first of them. Pure.

A strength runs from above 0 (nothing changes) to 1 (all steps, as without an input).
"""

from math import ceil


def steps_run(num_inference_steps: int, strength: float | None) -> int:
    """Return the steps that most pipelines run: StableDiffusionImg2ImgPipeline.get_timesteps of diffusers."""
    return num_inference_steps if strength is None else int(num_inference_steps * strength)


def flow_steps_run(num_inference_steps: int, strength: float | None) -> int:
    """Return the steps that flow models run, rounded up: FluxImg2ImgPipeline.get_timesteps of diffusers."""
    steps = num_inference_steps
    return steps if strength is None else steps - int(max(steps - min(steps * strength, steps), 0))


def smallest_strength(num_inference_steps: int) -> float:
    """Return the smallest strength, in hundredths, at which at least one step is run."""
    return next(hundredths / 100 for hundredths in range(1, 101) if steps_run(num_inference_steps, hundredths / 100))


def fewest_steps(strength: float) -> int:
    """Return the fewest steps of which a strength (from 0.01) runs at least one: smallest_strength's inverse."""
    return ceil(1 / max(strength, 0.01))
