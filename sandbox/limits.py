"""Rate limits like Discord's: one bucket per channel for messages, one per interaction for its answers."""

import re
from collections import deque

MESSAGES, SECONDS = 5, 5.0  # requests that change messages, and the window they are counted in
IDLE_BUCKETS = 1000  # beyond this number, idle ones are forgotten

_CHANNEL = re.compile(r"/channels/(\d+)/messages(/\d+)?$")
_ANSWER = re.compile(r"/webhooks/\d+/([^/]+)")


class RateLimits:
    """Counts requests in sliding windows; pure, with the time as an argument."""

    def __init__(self) -> None:
        self._taken: dict[str, deque[float]] = {}

    def take(self, method: str, path: str, now: float) -> tuple[dict[str, str], float]:
        """Count a request; return the headers of its answer, and the seconds to wait if it came too early (else 0).

        ``now`` is in seconds of any monotonic clock. A request that came too early is not counted.
        """
        bucket = self._bucket(method, path)
        if bucket is None:
            return {}, 0.0
        taken = self._taken.setdefault(bucket, deque())
        while taken and taken[0] <= now - SECONDS:
            taken.popleft()
        early = len(taken) >= MESSAGES
        if not early:
            taken.append(now)
        reset = taken[0] + SECONDS - now
        headers = {
            "X-RateLimit-Limit": str(MESSAGES),
            "X-RateLimit-Remaining": str(MESSAGES - len(taken)),
            "X-RateLimit-Reset-After": f"{reset:.3f}",
            "X-RateLimit-Bucket": bucket.partition(":")[0],
        }
        self._forget_idle(now)
        return headers, reset if early else 0.0

    @staticmethod
    def _bucket(method: str, path: str) -> str | None:
        if method in ("POST", "PATCH") and (found := _CHANNEL.match(path)):
            return f"messages:{found[1]}"
        if method in ("POST", "PATCH") and (found := _ANSWER.match(path)):
            return f"answer:{found[1]}"
        return None

    def _forget_idle(self, now: float) -> None:
        if len(self._taken) > IDLE_BUCKETS:
            self._taken = {key: times for key, times in self._taken.items() if times[-1] > now - SECONDS}
