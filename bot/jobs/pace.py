"""How often a message may be edited to show progress. Pure: the caller passes the time in."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Pace:
    """How often a message may be edited: ``burst`` times at once, then every ``every`` seconds.

    An interaction's answer has its own rate limit, so a short job may show each of its few stages; messages of a
    channel share one.
    """

    burst: int
    every: float
    gap: float = 0.4
    #: whether Discord counts the edits among all of the bot's requests, as it does not those of an interaction's answer
    counted: bool = False
    _saved: float = field(init=False)
    _last: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._saved = float(self.burst)

    def wait(self, now: float) -> float:
        """Seconds until the next edit may be made; counts it as made."""
        if self._last:
            self._saved = min(self.burst, self._saved + (now - self._last) / self.every)
        delay = 0.0 if self._saved >= 1 else (1 - self._saved) * self.every
        delay = max(delay, self._last + self.gap - now)
        self._saved -= 1
        self._last = now + delay
        return delay


def answer_pace() -> Pace:
    """For a private answer: four edits at once, then one every 2.5 s."""
    return Pace(burst=4, every=2.5)


def message_pace() -> Pace:
    """For a message in a channel, whose rate limit deliveries need too: one edit every 3 s."""
    return Pace(burst=1, every=3.0, counted=True)
