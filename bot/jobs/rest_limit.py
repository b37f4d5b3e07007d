"""Discord's limit on all of a bot's REST requests together, kept before Discord has to: deliveries before progress."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from types import SimpleNamespace

import aiohttp

#: requests a second; Discord counts 50 (https://docs.discord.com/developers/topics/rate-limits#global-rate-limit), and
#: counts them when they arrive, some of them sooner after the one before than they were sent
PER_SECOND = 45
SECOND = 1.0
#: share of a second's requests above which progress waits, and is overtaken by what is newer
BUSY = 0.5
#: addresses of what is not counted: answers to interactions
FREE = ("/interactions/", "/webhooks/")


class RestLimit:
    """Lets at most PER_SECOND requests begin in any second, in the order in which they come."""

    def __init__(self, per_second: int = PER_SECOND, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        #: when the last requests began or will begin, in order
        self._begins: deque[float] = deque(maxlen=per_second)

    def reserve(self) -> float:
        """Seconds until the next request may begin, which is then counted."""
        now = self._clock()
        full = len(self._begins) == self._begins.maxlen
        begins = max(now, self._begins[0] + SECOND) if full else now
        self._begins.append(begins)
        return begins - now

    def leisure_in(self) -> float:
        """Seconds until what can wait may begin, if nothing else comes.

        That is when at most a share BUSY of a second's requests began within the last second.
        """
        share = int(BUSY * (self._begins.maxlen or 0))
        return 0.0 if len(self._begins) <= share else max(0.0, self._begins[-share - 1] + SECOND - self._clock())

    async def leisure(self) -> None:
        """Wait until what can wait may begin, such as progress that the next one overtakes."""
        while True:
            pause = self.leisure_in()
            if not pause:
                return
            await asyncio.sleep(pause)

    @property
    def load(self) -> float:
        """Requests of the last second, with those that wait, as a share of PER_SECOND."""
        now = self._clock()
        return sum(begins > now - SECOND for begins in self._begins) / (self._begins.maxlen or 1)

    def trace(self) -> aiohttp.TraceConfig:
        """For a client whose requests are to keep to the limit."""
        config = aiohttp.TraceConfig()
        config.on_request_start.append(self._on_request)
        return config

    async def _on_request(
        self, _: aiohttp.ClientSession, __: SimpleNamespace, request: aiohttp.TraceRequestStartParams
    ) -> None:
        if "/api/" in request.url.path and not any(free in request.url.path for free in FREE):
            await asyncio.sleep(self.reserve())
