"""What the operator's channel gets of what goes wrong."""

import logging

from bot.background.trouble_feed import collected_trouble

log = logging.getLogger("bot.test")


def test_errors_are_told_once_an_hour_and_other_lines_not() -> None:
    """An error and a warning that is to be told are kept, the second of a kind and plain warnings are not."""
    with collected_trouble() as lines:
        for number in range(3):
            log.error("the worker on %s died", f"cuda:{number}")
            log.warning("picture %d failed", number, extra={"tell": True})
            log.warning("nothing of interest")
        assert list(lines.take()) == ["error: the worker on cuda:0 died", "warning: picture 0 failed"]
        assert list(lines.take()) == []
    log.error("after the end")
    assert list(lines.take()) == []


def test_each_device_is_told_of() -> None:
    """One that fails within the hour of another has a line too, the second of its own has none."""
    with collected_trouble() as lines:
        for device in ("cuda:0", "cuda:1", "cuda:0"):
            log.error("the worker on %s died", device, extra={"device": device})
        assert list(lines.take()) == ["error: the worker on cuda:0 died", "error: the worker on cuda:1 died"]
