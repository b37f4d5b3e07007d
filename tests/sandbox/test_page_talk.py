"""What people do with messages on the page, in a real browser: mention, react, cover, forward, scroll, talk apart."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from sandbox import LocalDiscord
from tests.browser import needs_chromium, page_of_ana

from .test_page import composer, newest, picture, run, shoot

pytestmark = needs_chromium

TABS = 60  # more than there are stops before the message field
WRITTEN = 70  # messages, more than the page shows at first


@pytest.fixture
async def page(local: LocalDiscord, browser: Browser) -> AsyncIterator[Page]:
    """The page as Ana, wide."""
    async with page_of_ana(browser, local.page, 1280) as page:
        yield page


async def test_a_typed_name_mentions_whoever_bears_it(page: Page, local: LocalDiscord) -> None:
    """Completed or typed in full, @Echo is a mention, and the bot's role too; in code a name stays a name."""
    await composer(page).type("hello @ec")
    offered = page.locator("#suggestions").get_by_role("option")
    await expect(offered).to_have_count(2)
    await shoot(page, "mention")
    await page.keyboard.press("Tab")
    await expect(composer(page)).to_have_value("hello @Echo ")
    await run(page, "there")
    await expect(newest(page)).to_contain_text("heard: hello @Echo there")
    await run(page, "@Echo again")
    await expect(newest(page)).to_contain_text("heard: @Echo again")
    messages = local.messages()
    assert f"hello <@{local.world.backend.bot_user.id}> there" in [message.content for message in messages]
    await composer(page).type("dear @ec")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await run(page, "role")
    await expect(newest(page)).to_contain_text("role")
    await run(page, "`@Echo` is @Milo (moderator)'s")
    milo = local.world.members["milo"]
    await local.wait_for(lambda: local.messages()[-1].content == f"`@Echo` is <@{milo}>'s")
    assert f"dear <@&{local.world.bot_role.id}> role" in [message.content for message in local.messages()]


async def test_reactions_are_added_counted_and_taken_back(page: Page, local: LocalDiscord) -> None:
    """From a message's tools, and by pressing what others added; one's own is marked."""
    message = local.people.say(local.world.members["milo"], local.world.channel_id, "nice?")
    article = page.locator("article", has_text="nice?")
    await article.hover()
    await article.get_by_text("React").click()
    await article.get_by_role("button", name="🎨", exact=True).click()
    pressed = article.get_by_role("button", name="🎨 1")
    await expect(pressed).to_have_attribute("aria-pressed", "true")
    await expect(page.locator("article", has_text="reaction: 🎨")).to_be_visible()
    local.people.react(local.world.members["milo"], message, "🎨")
    await shoot(page, "reactions")
    await article.get_by_role("button", name="🎨 2").click()
    await expect(article.get_by_role("button", name="🎨 1")).to_have_attribute("aria-pressed", "false")


async def test_spoilers_are_covered_until_they_are_pressed(page: Page, tmp_path: Path) -> None:
    """A picture whose name begins with SPOILER_, and words between bars; by mouse and by keyboard."""
    await page.get_by_label("Attach pictures").set_input_files(picture(tmp_path, "SPOILER_a.png", "red"))
    await run(page, "a ||secret|| picture")
    message = page.locator("article", has_text="secret")
    lid = message.get_by_role("button", name="Spoiler: show the picture")
    await expect(lid).to_be_visible()
    await expect(message.locator("img")).to_have_css("filter", "blur(40px)")
    words = message.get_by_role("button", name="Spoiler: show the words")
    await expect(words).to_have_css("color", "rgba(0, 0, 0, 0)")
    await shoot(page, "spoiler")
    await lid.focus()
    await page.keyboard.press("Enter")
    await expect(lid).to_have_count(0)
    await expect(message.locator("img")).to_have_css("filter", "none")
    await words.click()
    await expect(words).not_to_have_css("color", "rgba(0, 0, 0, 0)")


async def test_commands_go_by_the_names_of_the_member_s_language(page: Page) -> None:
    """Listed, typed and pasted, with their options, groups and menus; the original names work too."""
    await page.get_by_label("Language", exact=True).select_option("Português")
    await expect(page.locator("#locale")).to_have_value("pt-BR")
    await composer(page).type("/pin")
    await expect(page.get_by_role("option")).to_contain_text(["/pintar"])
    await page.keyboard.press("Tab")
    await expect(page.locator("#command")).to_have_text("/pintar")
    await expect(page.locator(".field")).to_contain_text("cor")
    await page.keyboard.type("red")
    await page.keyboard.press("Enter")
    await expect(newest(page)).to_contain_text("done")
    for line in ("/pintar cor:green size:32", "/paint colour:green size:32"):
        await run(page, line)
        await expect(newest(page).get_by_alt_text("a green square")).to_have_js_property("naturalWidth", 32)
    article = page.locator("article").last
    await article.hover()
    await article.get_by_text("Apps").click()
    await expect(article.get_by_role("button", name="Medir")).to_be_visible()
    await page.get_by_label("Member", exact=True).select_option("olga")
    await page.get_by_label("Language", exact=True).select_option("Português")
    await run(page, "/gestão eco ")
    await page.keyboard.press("Enter")
    await expect(newest(page)).to_contain_text("pong")


async def test_the_keyboard_comes_from_the_top_past_pictures_to_the_message_field(page: Page, tmp_path: Path) -> None:
    """Tab leaves every picture and button; the first stop leads straight to the field."""
    for name in ("one.png", "SPOILER_two.png"):
        await page.get_by_label("Attach pictures").set_input_files(picture(tmp_path, name, "teal"))
        await run(page, name)
        await expect(page.locator("article", has_text=name)).to_be_visible()
    await run(page, "/show what:buttons")
    await expect(page.get_by_role("button", name="Press")).to_be_visible()
    await page.evaluate("document.activeElement.blur(); window.scrollTo(0, 0)")
    await page.locator("#skip").focus()
    stops = []
    for _ in range(TABS):
        await page.keyboard.press("Tab")
        stops.append(await page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        if stops[-1] == "text":
            break
    assert stops[-1] == "text", stops
    assert "IMG" in stops
    await page.locator("#skip").focus()
    await shoot(page, "skip")
    await page.keyboard.press("Enter")
    await expect(composer(page)).to_be_focused()


async def test_scrolling_back_shows_what_was_written_before(page: Page, local: LocalDiscord) -> None:
    """At first the newest messages; at the top come earlier ones, and what was in view stays in view."""
    for number in range(WRITTEN):
        local.people.say(local.world.members["milo"], local.world.channel_id, f"number {number} of many")
    await expect(newest(page)).to_contain_text(f"number {WRITTEN - 1} of many")
    await expect(page.locator("article", has_text="number 5 of many")).to_have_count(0)
    await page.locator("#messages").evaluate("list => list.scrollTop = 0")
    await expect(page.locator("article", has_text="number 5 of many")).to_have_count(1)
    await expect(page.locator("article", has_text="number 12 of many")).to_be_in_viewport()
    await shoot(page, "earlier")
    await expect(page.get_by_role("button", name="Show earlier messages")).to_have_count(0)


async def test_messages_are_forwarded_with_their_pictures(page: Page, tmp_path: Path) -> None:
    """From a message's tools to another place, where they are seen as forwarded."""
    await page.get_by_label("Attach pictures").set_input_files(picture(tmp_path, "mine.png", "gold"))
    await run(page, "look at mine")
    article = page.locator("article", has_text="look at mine")
    await article.hover()
    await article.get_by_text("Forward").click()
    await article.get_by_role("button", name="@Echo").click()
    await page.get_by_role("button", name="Echo").click()
    await expect(newest(page)).to_contain_text("Forwarded")
    await expect(newest(page)).to_contain_text("look at mine")
    await expect(newest(page).locator("img")).to_have_js_property("naturalWidth", 60)
    await shoot(page, "forwarded")


async def test_threads_are_opened_archived_and_opened_again(page: Page, local: LocalDiscord) -> None:
    """A private one is not there for others; an archived one says so, and opens when somebody writes."""
    await page.get_by_text("Threads").click()
    await page.get_by_label("Name of the thread").fill("apart")
    await page.get_by_label("private").check()
    await shoot(page, "threads")
    await page.get_by_role("button", name="Open thread").click()
    await expect(page.get_by_role("heading", name="apart", level=1)).to_be_visible()
    await run(page, "@Echo hello")
    await expect(newest(page)).to_contain_text("heard: @Echo hello")
    await page.get_by_text("Threads").click()
    await page.get_by_role("button", name="Archive", exact=True).click()
    await expect(composer(page)).to_have_attribute("placeholder", "This thread is archived; writing opens it again")
    await shoot(page, "archived")
    await run(page, "again")
    await expect(page.get_by_title("Archived thread")).to_have_count(0)
    await page.get_by_label("Member", exact=True).select_option("milo")
    await expect(page.locator("#member")).to_have_value("milo")
    await expect(page.get_by_role("button", name="pictures", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="apart")).to_have_count(0)
    for channel in list(local.world.backend.channels.values()):
        if channel.is_thread:
            local.world.backend.delete_channel(channel.id)
