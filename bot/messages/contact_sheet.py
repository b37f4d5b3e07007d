"""Several pictures as one, side by side, each with a label that is legible on a phone. Blocks; no Discord."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from bot.messages.font import font

TILE = 384  # pixels of a tile's side
BAR = 84  # pixels of the label above it
GAP = 8
TEXT = 13  # pixels of a letter for each column: the more there are, the smaller a strip is seen on a phone
SMALLEST_TEXT = 30
PAPER, INK, MISSING = "#17181c", "#ffffff", "#3a3c44"


def contact_sheet(tiles: Sequence[tuple[bytes | None, str]], columns: int | None = None) -> bytes:
    """Pictures with their labels as one PNG, in rows of ``columns`` (all in one row if not given).

    A picture that is not there any longer is shown as an empty tile.
    """
    columns = columns or len(tiles)
    rows = -(-len(tiles) // columns)
    size = columns * (TILE + GAP) + GAP, rows * (TILE + BAR + GAP) + GAP
    whole = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(whole)
    for place, (data, label) in enumerate(tiles):
        left, top = corner(place, columns)
        letters = _fitting(pen, label, columns)
        pen.text((left + TILE / 2, top - BAR / 2), label, INK, letters, anchor="mm", stroke_width=1)
        if data is None:
            pen.rectangle((left, top, left + TILE, top + TILE), fill=MISSING)
        else:
            picture = Image.open(io.BytesIO(data)).convert("RGB")
            picture.thumbnail((TILE, TILE), Image.Resampling.LANCZOS)
            scale = TILE / max(picture.size)
            if scale > 1:
                picture = picture.resize((round(picture.width * scale), round(picture.height * scale)))
            whole.paste(picture, (left + (TILE - picture.width) // 2, top + (TILE - picture.height) // 2))
    file = io.BytesIO()
    whole.save(file, "PNG")
    return file.getvalue()


def cut(data: bytes, place: int) -> bytes:
    """One picture out of a strip in one row, which Discord may have made smaller."""
    with Image.open(io.BytesIO(data)) as whole:
        scale = whole.height / (TILE + BAR + 2 * GAP)
        left, top = (value * scale for value in corner(place, place + 1))
        tile = whole.convert("RGB").crop(
            (round(left), round(top), round(left + TILE * scale), round(top + TILE * scale))
        )
    file = io.BytesIO()
    tile.save(file, "PNG")
    return file.getvalue()


def corner(place: int, columns: int) -> tuple[int, int]:
    """The left and the top of a tile's picture."""
    return GAP + place % columns * (TILE + GAP), GAP + BAR + place // columns * (TILE + BAR + GAP)


def _fitting(pen: ImageDraw.ImageDraw, label: str, columns: int) -> ImageFont.FreeTypeFont:
    """The largest size at which the label fits over its tile."""
    for size in range(min(BAR - 20, TEXT * columns), SMALLEST_TEXT, -2):
        if pen.textlength(label, font(size)) <= TILE:
            return font(size)
    return font(SMALLEST_TEXT)
