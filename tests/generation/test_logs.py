"""Log lines, as text and as JSON."""

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from generation.logs import set_up_logging


@pytest.fixture(autouse=True)
def root() -> Iterator[None]:
    """The root logger, as it was before."""
    logger = logging.getLogger()
    handlers, level = list(logger.handlers), logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> pytest.CaptureFixture[str]:
    for name in ("CRIAR_LOG_LEVEL", "CRIAR_LOG_FORMAT"):
        monkeypatch.setenv(name, "INFO" if name.endswith("LEVEL") else "text")
    return capsys


def test_json_lines_carry_the_job(lines: pytest.CaptureFixture[str]) -> None:
    """Each line is an object with time, level, logger and message, the job if there is one, and a traceback."""
    set_up_logging("INFO", "json", "cuda:0")
    logging.getLogger("bot").info("job %s is made", "abc", extra={"job": "abc", "seconds": 1.5})
    try:
        raise ValueError("odd")
    except ValueError:
        logging.getLogger("bot").exception("it broke")
    first, second = (json.loads(line) for line in lines.readouterr().err.splitlines())
    assert first["message"] == "job abc is made"
    assert (first["job"], first["seconds"], first["device"], first["level"]) == ("abc", 1.5, "cuda:0", "INFO")
    assert "ValueError: odd" in second["exception"]


def test_children_log_as_their_parent_and_warnings_are_lines(lines: pytest.CaptureFixture[str]) -> None:
    """Level and form go on through the environment; what libraries warn of has a time and a logger."""
    set_up_logging("WARNING", "text")
    set_up_logging(device="cpu")
    logging.getLogger("generation").info("not shown")
    warnings.warn("a library's advice", UserWarning, stacklevel=1)
    said = lines.readouterr().err
    assert "not shown" not in said
    assert "WARNING cpu py.warnings" in said
    assert "a library's advice" in said


def test_an_answer_that_comes_too_late_is_one_line(lines: pytest.CaptureFixture[str]) -> None:
    """Bot 2: suggestions that Discord no longer waits for are a warning, and no traceback for each letter typed."""
    set_up_logging("INFO", "text")
    gone: Any = SimpleNamespace(status=404, reason="Not Found")
    try:
        raise discord.NotFound(gone, {"code": 10062, "message": "Unknown interaction"})
    except discord.NotFound:
        logging.getLogger("discord.app_commands.tree").exception("Ignoring exception in autocomplete for %r", "txt2img")
    said = lines.readouterr().err
    assert "Traceback" not in said
    assert "WARNING discord.app_commands.tree: Ignoring exception in autocomplete for 'txt2img'" in said
    assert "10062" in said


def test_a_lost_connection_is_one_line(lines: pytest.CaptureFixture[str]) -> None:
    """The traceback of an outage in discord.py is left out, the reason is not."""
    set_up_logging("INFO", "text")
    try:
        raise ConnectionResetError("gone away")
    except ConnectionResetError:
        logging.getLogger("discord.client").exception("Attempting a reconnect in %.2fs", 1.0)
    said = lines.readouterr().err
    assert "Traceback" not in said
    assert "Attempting a reconnect in 1.00s (gone away)" in said
    assert sys.stderr
