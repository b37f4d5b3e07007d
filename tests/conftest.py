"""What holds for all tests: who shares a loop and a process, and in which order they ran."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from _pytest.terminal import TerminalReporter
from playwright.async_api import Browser
from pytest_asyncio import is_async_test

from tests.browser import running_browser

pytest_plugins = ["tests.second_tries"]

HERE = Path(__file__).parent
#: folders whose tests share something that runs, such as a local Discord, a bot or a worker: they share a loop, and the
#: process when there are several
SHARING = ("access", "generation", "sandbox", "wire")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Say how to run the tests in this order again."""
    if isinstance(seed := config.getoption("randomly_seed", None), int):
        terminalreporter.write_line(f"the order of --randomly-seed={seed}")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep together what shares something: all tests of some folders, else those of a file."""
    for item in items:
        path = item.path.relative_to(HERE) if item.path.is_relative_to(HERE) else item.path
        shares = path.parts[0] in SHARING
        item.add_marker(pytest.mark.xdist_group(path.parts[0] if shares else str(path)))
        if shares and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests that look at a page; each opens its own."""
    async with running_browser() as browser:
        yield browser
