"""Pictures as bytes, and back."""

import io

from PIL import Image


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def decoded(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))
