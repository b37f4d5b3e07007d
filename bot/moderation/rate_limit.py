"""How many commands may come in a minute: of one member, and of all members of a server. Pure: it has no clock."""

from collections import deque

MINUTE = 60.0  # seconds


class SlidingWindow:
    """Counts what came within the last minute, for each key; what is older is forgotten, with its key."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._times: dict[int, deque[float]] = {}
        self._pruned = 0.0

    def __len__(self) -> int:
        return len(self._times)

    def wait(self, key: int, now: float) -> float:
        """Seconds until the key may come again; 0 if it may come now. ``now`` is of any steady clock."""
        times = self._times.get(key)
        if times is None or len(times) < self._most:
            return 0.0
        return max(times[0] + MINUTE - now, 0.0)

    def take(self, key: int, now: float) -> None:
        """Count one."""
        self._prune(now)
        self._times.setdefault(key, deque(maxlen=self._most)).append(now)

    def _prune(self, now: float) -> None:
        # Once a minute, so that each entry is looked at a few times in its life and no more.
        if now - self._pruned < MINUTE:
            return
        self._pruned = now
        self._times = {key: times for key, times in self._times.items() if times[-1] + MINUTE > now}
