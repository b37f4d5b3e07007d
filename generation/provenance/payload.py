"""What an invisible watermark says: that this installation made the picture, and in which hour.

61 bits: the hour since 2020 and a tag of it that only this installation's key makes. It names neither the picture nor
whoever asked for it, so that nothing needs to be kept to read it.
"""

import hmac
from datetime import UTC, datetime, timedelta
from hashlib import sha256

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOUR_BITS, TAG_BITS = 21, 40  # until 2259; a stranger's mark passes for ours once in 10^12


def write_payload(when: datetime, key: bytes) -> str:
    """The 61 bits, as text, of a picture that is made at ``when``."""
    hour = f"{(when - EPOCH) // HOUR:0{HOUR_BITS}b}"
    return hour + _tag(hour, key)


def read_payload(bits: str, key: bytes) -> datetime | None:
    """The hour in which this installation made the picture; None if it is somebody else's mark."""
    hour, tag = bits[:HOUR_BITS], bits[HOUR_BITS:]
    return EPOCH + int(hour, 2) * HOUR if hmac.compare_digest(tag, _tag(hour, key)) else None


def _tag(hour: str, key: bytes) -> str:
    digest = hmac.new(key, hour.encode(), sha256).digest()
    return f"{int.from_bytes(digest[:8]):064b}"[:TAG_BITS]
