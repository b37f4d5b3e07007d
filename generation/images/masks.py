"""Masks of inpainting: which part of a picture is repainted. Everything here blocks; no torch."""

import io

from PIL import ImageOps

from ..errors import PictureError
from .encoding import FAST_PNG
from .formats import HALF, alpha_of, open_image
from .opening import flatten, open_picture


def open_mask(data: bytes) -> bytes:
    """Return a mask as PNG: white is the part to repaint.

    That is the transparent part of a picture with transparent pixels, the light part of any other. Raises PictureError
    as open_picture does, and if nothing or everything is marked.
    """
    open_picture(data)
    with open_image(data) as image:
        upright = ImageOps.exif_transpose(image)
        alpha = alpha_of(upright)
        light = flatten(upright).convert("L")
    mask = (alpha or light).point(lambda value: 255 if (value < HALF) is (alpha is not None) else 0)
    if mask.getextrema() in ((0, 0), (255, 255)):
        raise PictureError(
            "The mask marks nothing, or everything; paint the part to change white, or make it transparent."
        )
    file = io.BytesIO()
    mask.save(file, "PNG", compress_level=FAST_PNG)
    return file.getvalue()
