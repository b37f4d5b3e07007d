"""PRXPixel."""

from typing import Any, ClassVar

from typing_extensions import override

from ..types import Task
from .latents import PixelLatents
from .prx import Prx


class PrxPixel(Prx):
    """Works on the pixels themselves, without an autoencoder."""

    pipelines: ClassVar = {Task.TXT2IMG: "PRXPixelPipeline"}
    latents = PixelLatents()

    @override
    def first_picture(self, output: Any) -> Any:
        return (super().first_picture(output) / 2 + 0.5).clamp(0, 1)
