"""``python -m docs.screenshots [FOLDER]``: take the pictures of the README in the local Discord.

Needs Debian's chromium. Run it again when the model's weights or the buttons change.
"""

import argparse
import asyncio
import logging
import shutil
from pathlib import Path

from playwright.async_api import Locator, Page, async_playwright, expect

from benchmarks.rig import local_bot

HERE = Path(__file__).parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]
PATIENCE = 600_000  # milliseconds for pictures on a busy machine
PROMPT = "a fox on a teal background"


class Tour:
    """A member's way from the first idea to the final picture; each step saves a screenshot in the folder."""

    def __init__(self, page: Page, folder: Path) -> None:
        self._page = page
        self._folder = folder
        self._answers = 0

    async def walk(self) -> None:
        """Go the whole way."""
        await self._type(f"/txt2img prompt:{PROMPT} count:4 num_inference_steps:60")
        # On a busy machine the four previews do not stand there together for long.
        await expect(self._private.locator(".gallery img").first).to_be_visible(timeout=PATIENCE)
        await expect(self._private).to_contain_text("███", timeout=PATIENCE)
        await self._keep("progress", self._private)
        await self._made()
        await self._keep("gallery", self._public)
        await self._take("Take 2")
        await self._keep("single", self._public)
        await self._press_more("Compare strengths")
        await self._made()
        await self._keep("strengths", self._public)
        await self._take("Take 0.6")
        await self._press("Vary")
        await self._made()
        await self._press("Enlarge 4×")
        await self._made()
        await self._press_more("Origin")
        await expect(self._private).to_contain_text("enlarged to", timeout=PATIENCE)
        await self._keep("origin", self._private)
        await self._type("/history ")
        await expect(self._private.get_by_role("button", name="Older")).to_be_visible(timeout=PATIENCE)
        await self._keep("history", self._private)

    @property
    def _private(self) -> Locator:
        return self._page.locator("article.ephemeral").nth(self._answers - 1)

    @property
    def _public(self) -> Locator:
        """The last message with pictures; a ping that they are ready may stand below it."""
        return self._page.locator("article:not(.ephemeral)", has=self._page.locator(".gallery")).last

    async def _type(self, line: str) -> None:
        composer = self._page.get_by_label("Message", exact=True)
        await composer.type(line, delay=1)
        await composer.press("Enter")
        if line.endswith(" "):  # a command without options is chosen first, then sent
            await composer.press("Enter")
        self._answers += 1

    async def _press(self, name: str) -> None:
        """Press a button whose answer is private."""
        await self._public.get_by_role("button", name=name).first.click()
        self._answers += 1

    async def _press_more(self, name: str) -> None:
        """Press a button that stands behind “More”, which only the member sees."""
        await self._press("More")
        await self._private.get_by_role("button", name=name).first.click(timeout=PATIENCE)
        self._answers += 1

    async def _take(self, name: str) -> None:
        """Press a button that posts one picture on its own."""
        await self._public.get_by_role("button", name=name).first.click()
        await expect(self._public.get_by_role("button", name="Enlarge 4×").first).to_be_visible(timeout=PATIENCE)

    async def _made(self) -> None:
        """Wait until the newest private answer says that all is done."""
        await expect(self._private).to_contain_text("left today", timeout=PATIENCE)

    async def _keep(self, name: str, what: Locator) -> None:
        await what.locator("img").first.evaluate("image => image.decode()")
        await self._page.mouse.move(0, 0)
        await what.screenshot(path=self._folder / f"{name}.png")
        print(self._folder / f"{name}.png")


async def main(folder: Path) -> None:
    """Start everything, take the tour, and stop everything."""
    async with local_bot() as local, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = await browser.new_page(viewport={"width": 1000, "height": 1100})
        local.world.add_member("bia")  # a member without pictures yet
        await page.goto(f"{local.page}/?member=bia")
        await Tour(page, folder).walk()
        await browser.close()


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    parser = argparse.ArgumentParser(prog="python -m docs.screenshots")
    parser.add_argument("folder", nargs="?", type=Path, default=HERE)
    asyncio.run(main(parser.parse_args().folder))
