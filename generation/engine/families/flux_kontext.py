"""FLUX.1 Kontext: a picture changed after an instruction, without a strength."""

from collections.abc import Sequence
from typing import Any

from PIL import Image

from .family import Call


class FluxKontext:
    """Its guidance is distilled; a negative prompt needs the true one, which doubles the work."""

    previews = False  # its latents are packed

    def pipeline(self, loaded: Any, call: Call, scheduler: Any) -> Any:
        return type(loaded)(**{**loaded.components, "scheduler": scheduler})

    def arguments(self, call: Call) -> dict[str, Any]:
        width, height = call.size
        arguments = call.common() | {
            "image": [_side_by_side(inputs) for inputs in call.inputs],
            "width": width,
            "height": height,
            "max_area": width * height,
            "_auto_resize": False,
        }
        if any(picture.request.negative_prompt for picture in call.pictures):
            arguments["negative_prompt"] = [picture.request.negative_prompt for picture in call.pictures]
            arguments["true_cfg_scale"] = call.request.guidance_scale
        return arguments


def _side_by_side(images: Sequence[Image.Image]) -> Image.Image:
    """Several inputs as one picture, as the model was shown them: it takes one alone."""
    if len(images) == 1:
        return images[0]
    whole = Image.new("RGB", (sum(image.width for image in images), images[0].height))
    left = 0
    for image in images:
        whole.paste(image, (left, 0))
        left += image.width
    return whole
