"""Fetches TrustMark's files from where its authors publish them. Blocks."""

import urllib.request
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

from .watermark import DECODER, ENCODER

#: both are Adobe's: its Rust programs fetch from the first and its Python ones from the second
SOURCES = (
    "https://cai-watermark.adobe.net/watermarking/trustmark-models/",
    "https://cc-assets.netlify.app/watermarking/trustmark-models/",
)
#: SHA-256, of 17,312,208 and 47,401,222 bytes
SUMS = {
    ENCODER: "19b3d1b25836130ffd78775a8f61539f993375d1823ef0e59ba5b8dffb4f892d",
    DECODER: "ee3268f057c9dabef680e169302f5973d0589feea86189ed229a896cc3aa88df",
}
SECONDS = 60.0  # without an answer
PIECE = 2**20


def fetch_watermark_files(
    folder: Path,
    sources: Sequence[str] = SOURCES,
    sums: dict[str, str] | None = None,
    report: Callable[[str], None] = print,
) -> None:
    """Fetch the files that are not there yet, each whole or not at all, from the first of the sources that has it.

    Raises OSError if none has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, expected in (sums or SUMS).items():
        if not (folder / name).exists():
            _fetch(folder / name, [source + name for source in sources], expected, report)


def _fetch(target: Path, addresses: Sequence[str], expected: str, report: Callable[[str], None]) -> None:
    part = target.with_suffix(".part")
    failures = []
    for address in addresses:
        report(address)
        try:
            if _download(address, part) == expected:
                part.replace(target)
                return
            failures.append(f"{address} is not the file that was expected; try again, or ask its authors")
        except OSError as error:
            failures.append(f"{address}: {error}")
    part.unlink(missing_ok=True)
    raise OSError("; ".join(failures))


def _download(address: str, target: Path) -> str:
    """Write what lies there to a file, and return its SHA-256."""
    found = sha256()
    with urllib.request.urlopen(address, timeout=SECONDS) as answer, target.open("wb") as file:  # noqa: S310
        while piece := answer.read(PIECE):
            found.update(piece)
            file.write(piece)
    return found.hexdigest()
