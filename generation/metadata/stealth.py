"""A text in the lowest bits of a picture's alpha channel, as NovelAI and extensions of other tools keep it.

It is written column by column: a mark, its length in bits as 32 bits, and the text, which may be packed with gzip.
"""

import zlib
from math import ceil

from PIL import Image

from ..images.opening import MAX_PIXELS

MARKS = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}  # whether the text is packed
MARK_BITS, LENGTH_BITS = 8 * 15, 32
MOST = 8 * 2**20  # bytes of a text
LOWEST = bytes(ord("0") + (value & 1) for value in range(256))
GZIP = 16 + zlib.MAX_WBITS


def hidden_text(image: Image.Image) -> str:
    """The text; empty if there is none. Decodes the picture, so it raises what that does."""
    if image.mode != "RGBA" or image.width * image.height > MAX_PIXELS:
        return ""
    alpha = image.getchannel("A")
    mark = _read(alpha, 0, MARK_BITS)
    if mark not in MARKS:
        return ""
    length = int.from_bytes(_read(alpha, MARK_BITS, LENGTH_BITS), "big")
    if not 0 < length <= min(8 * MOST, alpha.width * alpha.height):
        return ""
    text = _read(alpha, MARK_BITS + LENGTH_BITS, length)
    if MARKS[mark]:
        try:
            text = zlib.decompressobj(GZIP).decompress(text, MOST)
        except zlib.error:
            return ""
    return text.decode("utf-8", errors="replace")


def _read(alpha: Image.Image, first: int, count: int) -> bytes:
    """``count`` bits from the one numbered ``first`` on, as bytes; empty if the picture has fewer."""
    columns = ceil((first + count) / alpha.height)
    rows = alpha.crop((0, 0, columns, alpha.height)).transpose(Image.Transpose.TRANSPOSE).tobytes()
    bits = rows[first : first + count].translate(LOWEST)
    return int(bits, 2).to_bytes(count // 8, "big") if columns <= alpha.width else b""
