"""The font of what the bot draws: Pillow's own lacks letters with accents."""

from pathlib import Path

from PIL import ImageFont

FILE = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"


def font(size: int) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, ``size`` in pixels: Latin, Greek, Cyrillic and the usual signs."""
    return ImageFont.truetype(FILE, size)
