"""Stable Diffusion XL, its Turbo, Lightning and LCM relatives, and models of its architecture."""

from typing import ClassVar

from ..types import Task
from .stable_diffusion import StableDiffusion


class StableDiffusionXL(StableDiffusion):
    """Works like Stable Diffusion 1.5."""

    pipelines: ClassVar = {
        Task.TXT2IMG: "StableDiffusionXLPipeline",
        Task.IMG2IMG: "StableDiffusionXLImg2ImgPipeline",
        Task.INPAINT: "StableDiffusionXLInpaintPipeline",
    }
