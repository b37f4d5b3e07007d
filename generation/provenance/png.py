"""The texts of PNG files: kept when the pixels change, and changed while these stay. Blocks."""

import io
import struct
import zlib

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ..images.encoding import FAST_PNG, XMP_KEY

TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")


def encode_like(before: Image.Image, image: Image.Image) -> bytes:
    """The picture as PNG with the texts that another PNG carries."""
    info = PngInfo()
    for key, value in before.info.items():
        if key == XMP_KEY:
            info.add_itxt(key, value)
        elif isinstance(key, str) and isinstance(value, str):
            info.add_text(key, value)
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=info, compress_level=FAST_PNG)
    return file.getvalue()


def with_parameters(png: bytes, text: str) -> bytes:
    """The PNG, its pixels untouched, with other parameters in place of those that it carries."""
    info = PngInfo()
    info.add_text("parameters", text)
    ((kind, data, _),) = info.chunks
    parts, place = [png[:8]], 8
    while place < len(png):
        (size,) = struct.unpack(">I", png[place : place + 4])
        chunk = png[place : place + 12 + size]
        if chunk[4:8] in TEXT_CHUNKS and chunk[8:].startswith(b"parameters\0"):
            checksum = zlib.crc32(kind + data)
            chunk = struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
        parts.append(chunk)
        place += 12 + size
    return b"".join(parts)
