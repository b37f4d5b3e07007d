"""What holds for all tests: what stays in one process, and in which order they ran."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from playwright.async_api import Browser

from tests.browser import running_browser

pytest_plugins = ["tests.second_tries"]

HERE = Path(__file__).parent
#: folders whose tests share something that runs, such as a local Discord, a bot or a worker: they stay in one process
SHARING = ("access", "bot/jobs", "bot/moderation", "generation", "sandbox", "wire")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say how to run the tests in this order again."""
    if isinstance(seed := config.getoption("randomly_seed", None), int):
        terminalreporter.write_line(f"the order of --randomly-seed={seed}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares something: all tests of some folders, else those of a file."""
    for item in items:
        shared = next((folder for folder in SHARING if item.path.is_relative_to(HERE / folder)), None)
        item.add_marker(pytest.mark.xdist_group(shared or item.path.name))


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests that look at a page; each opens its own."""
    async with running_browser() as browser:
        yield browser
