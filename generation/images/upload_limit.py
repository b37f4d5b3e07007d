"""Pictures that are too large to be sent, made smaller."""

import io

from PIL import Image

from .encoding import XMP_KEY

EXIF_IFD, USER_COMMENT = 0x8769, 0x9286  # where Automatic1111 writes parameters in formats other than PNG
SHRINK = 0.75  # of each side, if no encoding is small enough
SMALLEST = 64  # pixels; smaller pictures are not shrunk further


def under_limit(png: bytes, limit: int) -> tuple[bytes, str]:
    """Return the picture in at most ``limit`` bytes, and its file extension.

    Unchanged if it fits; otherwise as WebP, as JPEG, and at last with fewer pixels. Its parameters and the digital
    source type are kept in every format.
    """
    if len(png) <= limit:
        return png, "png"
    source = Image.open(io.BytesIO(png), formats=("PNG",))
    source.load()
    xmp = str(source.info.get(XMP_KEY, "")).encode()
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = b"UNICODE\0" + str(source.info.get("parameters", "")).encode("utf-16-be")
    image = source.convert("RGB")
    while True:
        for extension, options in (("webp", {"quality": 95}), ("webp", {"quality": 85}), ("jpg", {"quality": 80})):
            file = io.BytesIO()
            image.save(file, "JPEG" if extension == "jpg" else "WEBP", xmp=xmp, exif=exif, **options)
            if file.tell() <= limit or min(image.size) <= SMALLEST:
                return file.getvalue(), extension
        image = image.resize((round(image.width * SHRINK), round(image.height * SHRINK)), Image.Resampling.LANCZOS)
