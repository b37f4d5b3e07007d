"""What the operator's channel gets of what goes wrong."""

import asyncio
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from bot.background.certificate_expiry import warn_of_end_regularly
from bot.background.trouble_feed import collected_trouble
from bot.config.schema import Provenance, SigningFiles
from bot.messages.content_credentials import ContentCredentials
from tests.generation.provenance.conftest import openssl_like

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


async def test_the_operator_hears_of_a_certificate_that_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for the operator's channel at the start, where their own certificate ends within the time of warning."""
    monkeypatch.setattr("bot.background.certificate_expiry.WARNED_BEFORE", timedelta(days=4000))
    chain, key = openssl_like(tmp_path)
    settings = Provenance(c2pa=SigningFiles(certificates=chain, key=key))
    said = asyncio.Event()

    def seen(_: logging.LogRecord) -> bool:
        said.set()
        return True

    with collected_trouble() as lines:
        lines.addFilter(seen)
        warning = asyncio.create_task(warn_of_end_regularly(ContentCredentials(settings, tmp_path / "data")))
        await asyncio.wait_for(said.wait(), 60)
        warning.cancel()
    (line,) = lines.take()
    assert f"provenance.c2pa: {chain} ends on " in line
