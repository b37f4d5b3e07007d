"""Which pictures are read, what broken ones raise, and PNG's chunks, of which Pillow refuses the long ones."""

import io
import struct
import zlib
from collections.abc import Iterator
from functools import cache

from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF")  # animated PNG is PNG, phones' MPO is JPEG

#: what Pillow's decoders raise on broken files
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TEXTS = (b"tEXt", b"zTXt", b"iTXt")
MOST = 16 * 2**20  # bytes of a text once it is unpacked
HALF = 128  # of 255: what is less opaque counts as transparent
PROFILE = 2**20  # bytes of a colour profile once it is unpacked, above which Pillow refuses the whole picture


def open_image(data: bytes) -> Image.Image:
    """The picture, not decoded yet. Raises UnidentifiedImageError, or one of BROKEN."""
    _register_heif()
    return Image.open(io.BytesIO(without_texts(data)), formats=FORMATS)


def alpha_of(image: Image.Image) -> Image.Image | None:
    """The channel of transparency, if it hides anything: some hide messages in its lowest bit instead."""
    if image.mode.startswith(("I", "F")) or not ("A" in image.getbands() or "transparency" in image.info):
        return None
    alpha = image.convert("RGBA").getchannel("A")
    darkest, _ = alpha.getextrema()
    return alpha if isinstance(darkest, int) and darkest < HALF else None


@cache
def _register_heif() -> None:
    from pillow_heif import register_heif_opener  # only where pictures of strangers are opened

    register_heif_opener(thumbnails=False)


def texts_of_png(data: bytes) -> dict[str, str]:
    """The texts of a PNG by their keywords, the first of each; those that are broken or too long are left out."""
    texts: dict[str, str] = {}
    for kind, start, end in _chunks(data):
        if kind in TEXTS:
            try:
                key, text = _text(kind, data[start:end])
            except (ValueError, IndexError, zlib.error):
                continue
            texts.setdefault(key, text)
    return texts


def without_texts(data: bytes) -> bytes:
    """A PNG without what Pillow may refuse it for: texts, a long colour profile, and broken chunks that are no pixels.

    Anything else as it is.
    """
    if not data.startswith(SIGNATURE):
        return data
    kept, rest = [SIGNATURE], len(SIGNATURE)
    for kind, start, end in _chunks(data):
        if (
            kind not in TEXTS
            and not (kind == b"iCCP" and _is_long(data[start:end]))
            and not _is_broken(data, start, end)
        ):
            kept.append(data[start - 8 : end + 4])
        rest = end + 4
    return b"".join([*kept, data[rest:]])


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The kind of each whole chunk, and where its content begins and ends."""
    place = len(SIGNATURE)
    while data.startswith(SIGNATURE) and place + 12 <= len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        end = place + 8 + length
        if end + 4 > len(data):
            return
        yield kind, place + 8, end
        place = end + 4


def _text(kind: bytes, content: bytes) -> tuple[str, str]:
    keyword, _, rest = content.partition(b"\0")
    if kind == b"iTXt":
        packed, (_, _, rest) = rest[0], (rest[2:].partition(b"\0")[2].partition(b"\0"))
        return keyword.decode("latin-1"), (_unpacked(rest) if packed else rest).decode("utf-8")
    plain = _unpacked(rest[1:]) if kind == b"zTXt" else rest
    try:  # the standard says Latin-1; many write UTF-8
        return keyword.decode("latin-1"), plain.decode("utf-8")
    except UnicodeDecodeError:
        return keyword.decode("latin-1"), plain.decode("latin-1")


def _unpacked(packed: bytes, most: int = MOST) -> bytes:
    """Raises ValueError if more than ``most`` bytes come of it, and zlib.error if it is broken."""
    unpacker = zlib.decompressobj()
    found = unpacker.decompress(packed, most)
    if unpacker.unconsumed_tail:
        raise ValueError("too long")
    return found


def _is_broken(data: bytes, start: int, end: int) -> bool:
    """Whether a chunk that a decoder may pass over, by the case of its first letter, has another sum than it says."""
    optional = data[start - 4] & 0x20
    return bool(optional) and zlib.crc32(data[start - 4 : end]) != int.from_bytes(data[end : end + 4])


def _is_long(content: bytes) -> bool:
    try:
        _unpacked(content.partition(b"\0")[2][1:], PROFILE)
    except ValueError:
        return True
    except zlib.error:
        return False
    return False
