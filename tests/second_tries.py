"""Tests that needed a second try (``--reruns 1``) are named at the end of the run, and more than two fail it."""

import re

import pytest
from _pytest.terminal import TerminalReporter

GROUP = re.compile(r"@[^\]@]+$")  # xdist writes a test's group behind its name
MOST = 2  # tests of a run that may need a second try


def needed_again(reporter: TerminalReporter | None) -> list[str]:
    """The names of the tests that were tried again, each once, without the group that xdist adds to them."""
    reports = reporter.stats.get("rerun", []) if reporter else []
    return sorted({GROUP.sub("", report.nodeid) for report in reports})


def _reporter(config: pytest.Config) -> TerminalReporter | None:
    # A worker of xdist's reports to the process that started it, which counts for all.
    if hasattr(config, "workerinput"):
        return None
    found: TerminalReporter | None = config.pluginmanager.get_plugin("terminalreporter")
    return found


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which too many tests needed a second try."""
    if len(needed_again(_reporter(session.config))) > MOST and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Name the tests that needed a second try."""
    if not (names := needed_again(terminalreporter)):
        return
    terminalreporter.section("needed a second try")
    for name in names:
        terminalreporter.write_line(name)
    if len(names) > MOST:
        terminalreporter.write_line(f"{len(names)} tests needed a second try; more than {MOST} fail the run.", red=True)
