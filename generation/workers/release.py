"""Which release of this package runs here: both ends of a cluster must run the same."""

from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = Path(__file__).parents[1]
#: what decides how pictures are made, beside the code
DATA = ("*.py", "*.toml")
DIGITS = 10  # of the hash


@cache
def release() -> str:
    """Version and a hash of the code, since a version changes less often than the code. Reads the package once."""
    digest = sha256()
    for path in sorted(path for pattern in DATA for path in PACKAGE.rglob(pattern)):
        digest.update(f"{path.relative_to(PACKAGE)}\0".encode() + path.read_bytes())
    return f"{installed('criar')}+{digest.hexdigest()[:DIGITS]}"


def why_unfit(theirs: str) -> str:
    """Why the other end of a cluster cannot be used with its release; empty if it runs the same."""
    ours = release()
    return "" if theirs == ours else f"it has the release {theirs}, and the bot {ours}; install the same on both"


def installed(package: str) -> str:
    """An installed package's version; "unknown" if it runs from a folder."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
