"""Fetches TrustMark's files from where its authors publish them. Blocks."""

import urllib.request
from collections.abc import Callable
from hashlib import md5
from pathlib import Path

from .watermark import DECODER, ENCODER

SOURCE = "https://cai-watermark.adobe.net/watermarking/trustmark-models/"
#: the sums that trustmark's own packages check (trustmark-hailo 0.1.0); they tell a broken file, not a forged one
SUMS = {ENCODER: "d6fa92d4b4fe8d67ad196b2d21320955", DECODER: "90427159004ddbf5128271ba0684cf42"}
SECONDS = 60.0  # without an answer
PIECE = 2**20


def fetch_watermark_files(
    folder: Path, source: str = SOURCE, sums: dict[str, str] | None = None, report: Callable[[str], None] = print
) -> None:
    """Fetch the files that are not there yet, each whole or not at all. Raises OSError if one cannot be had."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, expected in (sums or SUMS).items():
        target = folder / name
        if target.exists():
            continue
        report(f"{source}{name}")
        part = target.with_suffix(".part")
        found = md5(usedforsecurity=False)
        with urllib.request.urlopen(source + name, timeout=SECONDS) as answer, part.open("wb") as file:  # noqa: S310
            while piece := answer.read(PIECE):
                found.update(piece)
                file.write(piece)
        if found.hexdigest() != expected:
            part.unlink()
            raise OSError(f"{source}{name} is not the file that was expected; try again, or ask its authors")
        part.replace(target)
