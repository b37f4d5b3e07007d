"""The texts that a picture's container carries, under the names that PNG's have."""

import html
import re
from typing import Any

from PIL import Image

from ..images.formats import BROKEN, open_image, texts_of_png
from .stealth import hidden_text

EXIF_IFD, USER_COMMENT, MAKER_NOTE = 0x8769, 0x9286, 0x927C
DESCRIPTION, MAKE, MODEL, XP_COMMENT = 0x010E, 0x010F, 0x0110, 0x9C9C
XMP_COMMENT = re.compile(r"<exif:UserComment>.*?<rdf:li[^>]*>([^<]*)</rdf:li>", re.DOTALL)
#: ComfyUI's WebP has the name of a PNG's text before its content, in fields that mean something else
NAMED = re.compile(r"^(prompt|workflow|parameters):\s*(?=[\[{])", re.IGNORECASE)


def texts_of(data: bytes) -> dict[str, str]:
    """Texts by their keys; empty if the picture has none or cannot be read."""
    texts = texts_of_png(data)
    try:
        with open_image(data) as image:
            exif = image.getexif()
            inner = exif.get_ifd(EXIF_IFD)
            comment = image.info.get("comment")
    except (Image.DecompressionBombError, *BROKEN):
        return texts
    comments = [inner.get(USER_COMMENT), exif.get(USER_COMMENT), comment]
    described = (_from_xmp(texts.get("XML:com.adobe.xmp", "")), exif.get(DESCRIPTION), exif.get(MAKE), exif.get(MODEL))
    fields = [_decoded(value) for value in (*comments, *described)]
    if isinstance(windows := exif.get(XP_COMMENT), bytes):
        fields.append(windows.decode("utf-16-le", errors="replace").strip("\0 "))
    for field in fields:
        if named := NAMED.match(field):
            texts.setdefault(named[1].lower(), field[named.end() :])
    found = next((field for field in fields if field and not NAMED.match(field)), "")
    if found:
        # NovelAI's and Fooocus's are JSON in the same place; each reader tells its own from the others'.
        texts.setdefault("parameters", found)
        texts.setdefault("Comment", found)
    if scheme := _decoded(inner.get(MAKER_NOTE)):
        texts.setdefault("fooocus_scheme", scheme)
    return texts


def hidden_texts_of(data: bytes) -> dict[str, str]:
    """The same of a text that is hidden in the pixels, which has to decode them."""
    try:
        with open_image(data) as image:
            hidden = hidden_text(image)
    except (Image.DecompressionBombError, *BROKEN):
        return {}
    return {"parameters": hidden, "Comment": hidden} if hidden else {}


def _from_xmp(text: str) -> str:
    """The comment in XMP, where Draw Things keeps what others have in EXIF; strangers' XML is let at no parser."""
    found = XMP_COMMENT.search(text)
    return html.unescape(found[1]) if found else ""


def _decoded(value: Any) -> str:
    """A field of EXIF as text: with the standard's mark of its encoding or without, in either byte order."""
    if isinstance(value, str):
        return value.strip("\0 ")
    if not isinstance(value, bytes):
        return ""
    mark, rest = value[:8], value[8:]
    if mark in (b"ASCII\0\0\0", b"JIS\0\0\0\0\0", b"\0" * 8):
        return rest.decode("utf-8", errors="replace").strip("\0 ")
    if mark != b"UNICODE\0":
        return value.decode("utf-8", errors="replace").strip("\0 ")
    if rest.startswith((b"\xff\xfe", b"\xfe\xff")):
        return rest.decode("utf-16", errors="replace")
    # The standard leaves the byte order open, and some write UTF-8 all the same: letters of what tools write decide.
    tried = [rest.decode(encoding, errors="replace") for encoding in ("utf-16-be", "utf-16-le", "utf-8")]
    return max(tried, key=_likeness).strip("\0")


def _likeness(text: str) -> float:
    """How much of a text is plain letters; facts and JSON are, whatever language the prompt is in."""
    sample = text[-2000:]
    return sum(" " <= letter <= "~" for letter in sample) / max(len(sample), 1)
