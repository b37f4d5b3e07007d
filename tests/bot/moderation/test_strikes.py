"""Strikes lead to pauses."""

from datetime import UTC, datetime, timedelta

from bot.moderation.strikes import pause_until


def test_pauses_grow_and_end() -> None:
    """The nth strike brings the nth pause, the last one for all further."""
    noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    strikes = [noon + timedelta(minutes=n) for n in range(5)]
    assert pause_until([], (10,)) is None
    assert pause_until(strikes[:1], (0, 5, 60)) == noon
    assert pause_until(strikes[:2], (0, 5, 60)) == noon + timedelta(minutes=6)
    assert pause_until(strikes, (0, 5, 60)) == noon + timedelta(minutes=64)
