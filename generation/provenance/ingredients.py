"""A picture that another is made from, and the manifests that came with it."""

from dataclasses import dataclass
from hashlib import sha256

INPUT = "input"  # the label by which an action names the picture that was opened
MANIFESTS_SUFFIX = ".c2pa"  # of the file beside an input that keeps the manifests that came with it
SIZE = 4  # bytes that a JUMBF box begins with, which say how long it is: ISO/IEC 19566-5
DIGITS = 16  # of a hash, in a label


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A picture as PNG; ``archives`` is what manifest_archives found in the file that came, empty if it had none."""

    png: bytes
    archives: bytes = b""

    @property
    def label(self) -> str:
        """By which an action names the picture if it went in beside others."""
        return further_label(self.opened or self.png)

    @property
    def opened(self) -> bytes:
        """The archive for the picture as the one that was opened."""
        return self.archives[: self._split]

    @property
    def placed(self) -> bytes:
        """The archive for the picture as one of those that were placed into it."""
        return self.archives[self._split :]

    @property
    def _split(self) -> int:
        return int.from_bytes(self.archives[:SIZE], "big") or len(self.archives)


def further_label(data: bytes) -> str:
    """The label of a picture that went in beside others, which is in its archive and so may not name its place."""
    return f"{INPUT}-{sha256(data).hexdigest()[:DIGITS]}"
