"""What holds for all tests: what stays in one process, and in which order they ran."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from hypothesis import settings
from playwright.async_api import Browser

from tests.browser import running_browser

pytest_plugins = ["tests.second_tries"]

HERE = Path(__file__).parent
#: folders whose tests share something that runs, such as a local Discord or a bot: they stay in one process
SHARING = ("access", "bot/jobs", "bot/moderation", "sandbox", "wire")
#: seconds that a slow test may take before it counts as stuck, unless it says otherwise
SLOW_SECONDS = 600
#: a fixture of one worker that makes pictures, which the tests that use it share likewise
STUDIO = "studio"
#: what starts first, so that the longest group does not run alone at the end
FIRST = ("wire", STUDIO, "access")


def pytest_configure() -> None:
    """Let no example of Hypothesis fail by the clock, which a busy machine makes of many."""
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say how to run the tests in this order again."""
    if isinstance(seed := config.getoption("randomly_seed", None), int):
        terminalreporter.write_line(f"the order of --randomly-seed={seed}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares something, else a file's tests; the longest start first; slow ones get time."""
    groups = {item: _shared(item) for item in items}
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group or item.path.name))
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_SECONDS))
    items.sort(key=lambda item: FIRST.index(group) if (group := groups[item]) in FIRST else len(FIRST))


def _shared(item: pytest.Item) -> str | None:
    if STUDIO in getattr(item, "fixturenames", ()):
        return STUDIO
    return next((folder for folder in SHARING if item.path.is_relative_to(HERE / folder)), None)


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests that look at a page; each opens its own."""
    async with running_browser() as browser:
        yield browser
