"""Jobs for tests of the bot, and the day on which they are asked for."""

from collections.abc import Callable
from datetime import UTC, datetime

from bot.store import JobRow

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MakeJob = Callable[..., JobRow]
