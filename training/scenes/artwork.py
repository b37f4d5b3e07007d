"""Emoji artwork from the npm registry, drawn as square pictures with transparency."""

import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..paths import ARTWORK, PACKAGES

SIDE = 128  # pixels
OPAQUE = 0.05  # alpha above which a pixel belongs to the drawing
FLAGS, COMPONENTS = 9, 2  # groups of emojibase that are left out

#: npm packages, their versions and licences; none is share-alike
SOURCES = {
    "@iconify-json/fluent-emoji-flat": ("1.2.6", "MIT"),
    "@lobehub/fluent-emoji-3d": ("1.1.0", "MIT"),
    "@iconify-json/noto": ("1.2.9", "Apache-2.0"),
    "@iconify-json/twemoji": ("1.2.5", "CC-BY-4.0"),
    "emojibase-data": ("17.0.0", "MIT"),
}
#: the artwork's own styles, and the icon sets that hold them as SVG
ICON_SETS = {
    "flat": "@iconify-json/fluent-emoji-flat",
    "cartoon": "@iconify-json/noto",
    "twemoji": "@iconify-json/twemoji",
}
RENDERED = "@lobehub/fluent-emoji-3d"

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Artwork:
    """Drawings of shape (n, 128, 128, 4), premultiplied RGBA, and for each its emoji's code and its style."""

    pixels: Pixels
    codes: list[str]
    styles: list[str]

    @classmethod
    def load(cls) -> "Artwork":
        """Read what ``make data`` wrote. Raises FileNotFoundError where it was not run."""
        with np.load(ARTWORK) as file:
            return cls(file["pixels"], file["codes"].tolist(), file["styles"].tolist())


def code_of(emoji: str) -> str:
    """Return an emoji's code points as the icon sets write them, without variation selectors: "1f408"."""
    return "-".join(f"{ord(char):x}" for char in emoji if char != "\ufe0f")


def fetch() -> None:
    """Download and unpack the packages with npm, those that are not there yet."""
    PACKAGES.mkdir(parents=True, exist_ok=True)
    for name, (version, _) in SOURCES.items():
        folder = PACKAGES / name
        if folder.exists():
            continue
        packed = subprocess.run(
            ["npm", "pack", "--silent", f"{name}@{version}"], cwd=PACKAGES, check=True, capture_output=True, text=True
        ).stdout.strip()
        with tarfile.open(PACKAGES / packed) as archive:
            archive.extractall(folder, filter="data")


def render() -> int:
    """Draw everything and write it to one file; returns the number of drawings."""
    jobs = list(_jobs())
    with Pool(2) as pool:
        drawn = pool.map(_draw, [source for _, _, source in jobs], chunksize=16)
    kept = [(code, style, pixels) for (code, style, _), pixels in zip(jobs, drawn, strict=True) if pixels is not None]
    codes, styles, pixels = zip(*kept, strict=True)
    np.savez(ARTWORK, pixels=np.stack(pixels), codes=np.array(codes), styles=np.array(styles))
    return len(kept)


def _read(name: str, path: str) -> Any:
    return json.loads((PACKAGES / name / "package" / path).read_text())


def _jobs() -> Iterator[tuple[str, str, str | Path]]:
    """Code, style and source (SVG text, or a file) of every drawing."""
    emoji = [entry for entry in _read("emojibase-data", "en/data.json") if "group" in entry]
    codes = [code_of(entry["emoji"]) for entry in emoji if entry["group"] not in (FLAGS, COMPONENTS)]
    for style, name in ICON_SETS.items():
        icons = _read(name, "icons.json")
        names = {code_of_hex(chars): icon for chars, icon in _read(name, "chars.json").items()}
        for code in codes:
            if (icon := names.get(code)) and icon in icons["icons"]:
                yield code, style, _svg(icons, icon)
    files = {code_of_hex(path.stem): path for path in (PACKAGES / RENDERED / "package/assets").iterdir()}
    yield from ((code, "3d", files[code]) for code in codes if code in files)


def code_of_hex(name: str) -> str:
    """Return the code of a name in hexadecimal such as "1F408-fe0f"."""
    return "-".join(part.lower().lstrip("0") for part in name.split("-") if part.lower() != "fe0f")


def _svg(icons: dict[str, Any], name: str) -> str:
    icon = icons["icons"][name]
    box = [
        icon.get(key, icons.get(key, default))
        for key, default in (("left", 0), ("top", 0), ("width", 16), ("height", 16))
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{2 * SIDE}" height="{2 * SIDE}" viewBox="{" ".join(map(str, box))}">{icon["body"]}</svg>'
    )


def _draw(source: str | Path) -> Pixels | None:
    """Return the drawing cut to its bounding square; None where there is next to nothing to see."""
    import resvg_py

    if isinstance(source, Path):
        picture = Image.open(source)
    else:
        drawn = resvg_py.svg_to_bytes(svg_string=source, width=2 * SIDE, height=2 * SIDE, skip_system_fonts=True)
        picture = Image.open(io.BytesIO(bytes(drawn)))
    pixels = np.asarray(picture.convert("RGBA")).astype(np.float32) / 255
    pixels[..., :3] *= pixels[..., 3:]
    rows, columns = np.where(pixels[..., 3] > OPAQUE)
    if len(rows) < SIDE // 2:
        return None
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    side = max(bottom - top, right - left)
    square = np.zeros((side, side, 4), np.float32)
    down, across = (side - (bottom - top)) // 2, (side - (right - left)) // 2
    square[down : down + bottom - top, across : across + right - left] = pixels[top:bottom, left:right]
    planes = [Image.fromarray(square[..., k]).resize((SIDE, SIDE), Image.Resampling.LANCZOS) for k in range(4)]
    result = np.clip(np.stack([np.asarray(plane) for plane in planes], -1), 0, 1)
    result[..., :3] = np.minimum(result[..., :3], result[..., 3:])
    square_pixels: Pixels = (result * 255 + 0.5).astype(np.uint8)
    return square_pixels


def save_sheet(drawings: list[Pixels], columns: int, path: Path, side: int = SIDE) -> None:
    """Write premultiplied drawings as one picture of tiles, each scaled to ``side`` pixels."""
    sheet = Image.new("RGBA", (columns * side, -(-len(drawings) // columns) * side))
    for place, drawing in enumerate(drawings):
        alpha = np.maximum(drawing[..., 3:].astype(np.float32), 1)
        straight = drawing.copy()
        straight[..., :3] = np.clip(drawing[..., :3] / alpha * 255, 0, 255)
        tile = Image.fromarray(straight).resize((side, side), Image.Resampling.BOX)
        sheet.paste(tile, (place % columns * side, place // columns * side))
    sheet.save(path, optimize=True)


def load_sheet(path: Path, side: int) -> list[Pixels]:
    """Return the premultiplied tiles of a picture that save_sheet wrote, those of an unfinished last row included."""
    pixels = np.asarray(Image.open(path)).astype(np.float32)
    pixels[..., :3] *= pixels[..., 3:] / 255
    rows, columns = pixels.shape[0] // side, pixels.shape[1] // side
    tiles = pixels.reshape(rows, side, columns, side, 4).swapaxes(1, 2).reshape(-1, side, side, 4)
    return list(tiles.round().astype(np.uint8))
