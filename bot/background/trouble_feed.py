"""Posts what goes wrong at run time into the operator's channel, so that it is seen without reading the log."""

import asyncio
import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from bot.client import Client
from bot.jobs.delivery import DELIVERY_ERRORS

log = logging.getLogger(__name__)

LOOK = 5.0  # seconds between two looks for lines
QUIET = 3600.0  # seconds in which the same kind of line is posted once
MOST_KEPT = 20  # lines that wait to be posted; further ones stand only in the log
MAX_LINE = 1500  # characters


class TroubleLines(logging.Handler):
    """Keeps errors, and warnings with the attribute ``tell``, until they are taken."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: deque[str] = deque(maxlen=MOST_KEPT)
        self._said: dict[str, float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, unless one of its kind, and of the same device, was kept within the hour."""
        if record.levelno < logging.ERROR and not getattr(record, "tell", False):
            return
        kind, now = f"{record.name} {getattr(record, 'device', '')} {record.msg}", monotonic()
        if now - self._said.get(kind, -QUIET) < QUIET:
            return
        self._said[kind] = now
        self._lines.append(f"{record.levelname.lower()}: {record.getMessage()}"[:MAX_LINE])

    def take(self) -> Iterator[str]:
        """Yield the lines that wait, the first first."""
        while self._lines:
            yield self._lines.popleft()


@contextmanager
def collected_trouble() -> Iterator[TroubleLines]:
    """Collect lines of the whole process while the body runs."""
    lines = TroubleLines()
    logging.getLogger().addHandler(lines)
    try:
        yield lines
    finally:
        logging.getLogger().removeHandler(lines)


async def post_trouble_regularly(client: Client, lines: TroubleLines) -> None:
    """Post what was collected into discord.log_channel, if there is one; never returns."""
    while True:
        await asyncio.sleep(LOOK)
        channel = client.config.discord.log_channel
        if channel is None or not client.is_ready():
            continue
        for line in lines.take():
            try:
                text = line.replace("`", "'")
                await client.get_partial_messageable(channel).send(f"```\n{text}\n```")
            except DELIVERY_ERRORS as error:
                log.info("trouble cannot be posted in channel %d: %s", channel, error)
                break
