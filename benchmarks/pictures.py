"""Requests to the embedded model, for the benchmarks of the generation module."""

from functools import cache

from generation import Catalogue, ModelSpec, Picture, Request, Task


@cache
def embedded() -> ModelSpec:
    """Return the model that ships with the bot."""
    return Catalogue.load().get("criar-embedded")


def picture(name: str, user_id: int, num_inference_steps: int) -> Picture:
    """Build a txt2img picture with the embedded model's default settings and a prompt that contains the name."""
    spec = embedded()
    defaults = spec.defaults
    return Picture(
        id=f"{name}:0",
        user_id=user_id,
        request=Request(
            task=Task.TXT2IMG, model=spec.id, prompt=f"a red apple {name}", width=defaults.width,
            height=defaults.height, num_inference_steps=num_inference_steps, scheduler=defaults.scheduler,
            guidance_scale=defaults.guidance_scale,
        ),
    )  # fmt: skip
