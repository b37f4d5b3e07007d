"""The real browser in which tests look at the page: Debian's chromium."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="Debian's chromium is not installed (apt install chromium)"
)


@asynccontextmanager
async def running_browser() -> AsyncIterator[Browser]:
    """Start a browser, and end it afterwards."""
    expect.set_options(timeout=30_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def page_of_ana(browser: Browser, address: str, width: int) -> AsyncIterator[Page]:
    """Open the page as Ana, as a browser that was never there; an error of a script fails the test."""
    errors: list[str] = []
    page = await browser.new_page(viewport={"width": width, "height": 900})
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(f"{address}/?member=ana")
    await expect(page.locator("#guild")).not_to_be_empty()
    yield page
    await page.close()
    assert not errors, errors
