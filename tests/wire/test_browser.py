"""What a person sees in a real browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, expect

from sandbox import LocalDiscord
from tests.browser import needs_chromium, page_of_ana

pytestmark = needs_chromium

PATIENCE = 200_000  # milliseconds; a busy machine's first picture takes as long as a model takes to load


@pytest.fixture
async def page(local: LocalDiscord, browser: Browser) -> AsyncIterator[Page]:
    async with page_of_ana(browser, local.page, 1000) as page:
        yield page


async def test_a_person_types_a_prompt_and_sees_the_pictures_arrive(page: Page) -> None:
    """/txt2img typed in one line shows progress with a preview, then four pictures with alt text and buttons."""
    composer = page.get_by_label("Message", exact=True)
    await composer.type(
        "/txt2img prompt:a red apple on a blue background, flat count:4 num_inference_steps:40 size:256x256", delay=1
    )
    await composer.press("Enter")
    preview = page.locator("article.ephemeral").last
    await expect(preview).to_contain_text("Only you can see this")
    await expect(preview.locator(".gallery img").first).to_be_visible(timeout=PATIENCE)
    pictures = page.locator("article:not(.ephemeral)").last.get_by_alt_text("a red apple on a blue background")
    await expect(pictures).to_have_count(4, timeout=PATIENCE)
    await expect(page.locator("article.ephemeral").last).to_contain_text("left today")
    for place in range(4):
        assert await pictures.nth(place).evaluate("i => i.decode().then(() => i.naturalWidth)") == 256
    for button in ("Take 4", "Vary 4", "Again (costs 4)", "More"):
        await expect(page.locator("article:not(.ephemeral)").last.get_by_role("button", name=button)).to_be_visible()


async def test_a_person_chooses_a_command_and_a_strength_with_the_keyboard(page: Page) -> None:
    """Typing / completes commands, and the strength's suggestions explain themselves."""
    composer = page.get_by_label("Message", exact=True)
    await composer.type("/img2")
    await composer.press("Tab")
    await expect(page.locator("#command")).to_have_text("/img2img")
    await composer.type("strength")
    await composer.press("Tab")
    await expect(page.get_by_role("option", name="0.5 medium: noticeable changes, composition kept")).to_be_visible()


@pytest.mark.slow
async def test_a_person_goes_from_four_pictures_to_one_and_looks_back(page: Page) -> None:
    """Take one, compare strengths, take one of these, see its origin and the history: all by pressing buttons."""
    composer = page.get_by_label("Message", exact=True)
    await composer.type("/txt2img prompt:a fox on a teal background count:4 num_inference_steps:20", delay=1)
    await composer.press("Enter")
    await expect(page.locator("article.ephemeral").last).to_contain_text("left today", timeout=PATIENCE)
    public = page.locator("article:not(.ephemeral)")
    await public.last.get_by_role("button", name="Take 2", exact=True).click()
    await expect(public.last.get_by_role("button", name="Take 2", exact=True)).to_have_count(0, timeout=PATIENCE)
    await public.last.get_by_role("button", name="More").click()
    compare = page.locator("article.ephemeral").last.get_by_role("button", name="Compare strengths (costs 4)")
    await expect(compare).to_be_visible(timeout=PATIENCE)
    await compare.click()
    strip = page.get_by_alt_text("The same picture before, and changed with AI at the strengths").last
    await expect(strip).to_be_visible(timeout=PATIENCE)
    assert await strip.evaluate("i => i.decode().then(() => i.naturalWidth)") > 1900
    await expect(page.locator("article.ephemeral").last).to_contain_text("left today", timeout=PATIENCE)
    await public.last.get_by_role("button", name="Take 0.6", exact=True).click()
    await expect(public.last).to_contain_text("strength 0.6 ", timeout=PATIENCE)
    await public.last.get_by_role("button", name="More").click()
    await page.locator("article.ephemeral").last.get_by_role("button", name="Origin").click()
    await expect(page.locator("article.ephemeral").last).to_contain_text("2. img2img", timeout=PATIENCE)
    await composer.type("/history ", delay=1)
    await composer.press("Enter")
    await composer.press("Enter")
    await expect(page.locator("article.ephemeral").last.get_by_role("button", name="Older")).to_be_visible(
        timeout=PATIENCE
    )
