"""What a person does and sees on the page, in a real browser."""

import asyncio
import io
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, Locator, Page, Route, expect

from sandbox import LocalDiscord
from tests.browser import needs_chromium, page_of_ana

MARK_FIRST_STEP = """() => {
    const article = [...document.querySelectorAll("article")].at(-1), picture = article?.querySelector("img");
    if (!picture || !article.innerText.includes("of 3")) return false;
    return picture.kept = article.kept = true;
}"""

pytestmark = needs_chromium


@pytest.fixture
async def page(local: LocalDiscord, browser: Browser) -> AsyncIterator[Page]:
    """The page as Ana, wide."""
    async with page_of_ana(browser, local.page, 1280) as page:
        yield page


def composer(page: Page) -> Locator:
    return page.get_by_label("Message", exact=True)


def newest(page: Page) -> Locator:
    return page.locator("article").last


async def run(page: Page, line: str) -> None:
    await composer(page).type(line)
    await page.keyboard.press("Enter")


async def shoot(page: Page, name: str) -> None:
    """Keep what is seen, where SCREENSHOTS names a folder; for a look by eye."""
    if folder := os.environ.get("SCREENSHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png")


def picture(folder: Path, name: str, colour: str) -> Path:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(file, "PNG")
    path = folder / name
    path.write_bytes(file.getvalue())
    return path


async def test_a_command_is_completed_and_its_options_explained(page: Page) -> None:
    """Typing / lists the commands with descriptions; options complete, and the bot's suggestions can be taken."""
    await composer(page).type("/pa")
    offered = page.locator("#suggestions").get_by_role("option")
    await expect(offered).to_contain_text(["/paint"])
    await expect(offered.first).to_contain_text("Think, count to three, show pictures")
    await page.keyboard.press("Tab")
    await expect(page.locator("#command")).to_have_text("/paint")
    await page.keyboard.type("gr")
    await expect(page.get_by_role("option", name="green (gr)")).to_be_visible()
    await shoot(page, "suggestions")
    await page.keyboard.press("Tab")
    await composer(page).type("si")
    await page.keyboard.press("Tab")
    await page.keyboard.type("64")
    await page.keyboard.press("Enter")
    await expect(newest(page)).to_contain_text("Ana used /paint")
    await expect(newest(page).get_by_alt_text("a green square")).to_have_js_property("naturalWidth", 64)


async def test_a_pasted_command_names_members_and_what_is_used_most_is_offered_first(page: Page) -> None:
    """A member is who bears the name, with @ or without; of nobody there is a sentence. Discord orders by use too."""
    for name in ("@Milo (moderator)", "milo (moderator)"):
        await run(page, f"/echo text:hi who:{name}")
        await expect(newest(page)).to_contain_text("hi to Milo (moderator)")
    await run(page, "/echo text:hi who:nobody")
    await expect(page.locator("#error")).to_contain_text("nobody and nothing named “nobody”")
    await composer(page).fill("/")
    await expect(page.locator("#suggestions").get_by_role("option").first).to_contain_text("/echo")
    await composer(page).fill("/show")
    await expect(page.locator("#suggestions").get_by_role("option").first).to_contain_text("/show")


async def test_what_is_typed_before_the_page_is_filled_is_completed_then(page: Page) -> None:
    """Whoever is faster than the server loses nothing: commands are offered as soon as they are known."""
    come = asyncio.Event()

    async def held(route: Route) -> None:
        await come.wait()
        await route.continue_()

    await page.route("**/page/events*", held)
    await page.reload()
    await composer(page).type("/pa")
    come.set()
    await expect(page.locator("#suggestions").get_by_role("option")).to_contain_text(["/paint"])


async def test_an_answer_changes_in_place(page: Page, local: LocalDiscord) -> None:
    """Through all edits the message and its first picture stay the same elements, which is why nothing flickers."""
    await composer(page).type("/paint colour:red")
    with local.hold("PATCH", "/webhooks/*"):
        await page.keyboard.press("Enter")
        await page.wait_for_function(MARK_FIRST_STEP)
    await expect(newest(page)).to_contain_text("done")
    first = newest(page).get_by_alt_text("a red square")
    await expect(first).to_have_js_property("naturalWidth", 128)
    assert await first.evaluate("picture => picture.kept && picture.closest('article').kept")
    await expect(newest(page).locator("img")).to_have_count(2)


async def test_private_answers_are_marked_and_other_members_do_not_see_them(page: Page) -> None:
    """An ephemeral answer says so, can be dismissed, and is gone when another member looks."""
    await run(page, "/paint colour:blue private:true")
    await expect(newest(page)).to_contain_text("done")
    await expect(newest(page)).to_contain_text("Only you can see this")
    await shoot(page, "private")
    count = await page.locator("article").count()
    await page.get_by_label("Member", exact=True).select_option("milo")
    await expect(page.locator("#member")).to_have_value("milo")
    await expect(page.locator("article.ephemeral")).to_have_count(0)
    await page.get_by_label("Member", exact=True).select_option("ana")
    await expect(page.locator("article")).to_have_count(count)
    await newest(page).get_by_role("button", name="Dismiss message").click()
    await expect(page.locator("article")).to_have_count(count - 1)


async def test_buttons_selects_and_modals_are_used(page: Page, tmp_path: Path) -> None:
    """A button edits, two selects answer, a modal with text, select and file is filled in and sent."""
    await run(page, "/show what:buttons")
    message = page.locator("article", has_text="Here are buttons").last
    await message.get_by_text("Choose colours").click()
    await message.get_by_label("red").check()
    await message.get_by_label("blue").check()
    await shoot(page, "buttons")
    await message.get_by_text("red, blue").click()
    await expect(newest(page)).to_contain_text("chosen: red, blue")
    await message.get_by_label("Choose a member").select_option("Milo (moderator)")
    await expect(newest(page)).to_contain_text("member: Milo")
    await message.get_by_role("button", name="Ask").click()
    form = page.get_by_role("dialog", name="Questions")
    await form.get_by_label("Words").fill("in a form")
    await form.get_by_label("Colour").select_option("green")
    await form.get_by_label("Picture").set_input_files(picture(tmp_path, "a.png", "orange"))
    await shoot(page, "modal")
    await form.get_by_role("button", name="Submit").click()
    await expect(form).to_be_hidden()
    await expect(newest(page)).to_contain_text("modal: in a form, green, [")
    await (
        page.locator("article", has=page.get_by_role("button", name="Press"))
        .last.get_by_role("button", name="Press")
        .click()
    )
    await expect(page.locator("article", has_text="pressed by Ana")).to_be_visible()


async def test_files_are_attached_replied_to_and_measured(page: Page, tmp_path: Path) -> None:
    """Two pictures are sent with a message; it is answered by a reply, and measured through its Apps menu."""
    files = [picture(tmp_path, "one.png", "teal"), picture(tmp_path, "two.png", "pink")]
    await page.get_by_label("Attach pictures").set_input_files(files)
    await expect(page.locator("figure")).to_have_count(2)
    await run(page, "two pictures of mine")
    message = page.locator("article:not(.ephemeral)", has_text="two pictures of mine").last
    await expect(message.locator("img")).to_have_count(2)
    await message.hover()
    await message.get_by_text("Apps").click()
    await shoot(page, "apps")
    await message.get_by_role("button", name="Measure").click()
    await expect(newest(page)).to_contain_text("measured ['60×40', '60×40']")
    await message.hover()
    await message.get_by_role("button", name="Reply").click()
    await expect(page.get_by_text("Replying to Ana")).to_be_visible()
    await run(page, "a reply")
    await expect(page.locator("article", has_text="a reply").last.locator(".above")).to_contain_text(
        "two pictures of mine"
    )


async def test_tab_leads_from_the_top_past_pictures_to_the_message_field(page: Page, tmp_path: Path) -> None:
    """Members 16: a picture takes the focus, opens with Enter, and lets it go on."""
    await page.get_by_label("Attach").set_input_files(picture(tmp_path, "green.png", "#20a040"))
    await run(page, "a picture on the way")
    await expect(newest(page).locator("img")).to_be_visible()
    await page.locator("body").focus()
    stops = []
    for _ in range(60):
        await page.keyboard.press("Tab")
        stops.append(await page.evaluate("document.activeElement.tagName + '#' + document.activeElement.id"))
        if await composer(page).evaluate("field => field === document.activeElement"):
            break
    assert await composer(page).evaluate("field => field === document.activeElement"), stops
    assert any(stop.startswith("IMG") for stop in stops)


async def test_an_upload_goes_with_a_command(page: Page, tmp_path: Path) -> None:
    """A file option takes a file and shows it; what is required and missing is said."""
    await composer(page).type("/echo ")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("This option is required.")).to_be_visible()
    await page.keyboard.type("with a file file:")
    await page.get_by_label("file", exact=True).set_input_files(picture(tmp_path, "b.png", "gold"))
    await expect(page.locator(".drop img")).to_be_visible()
    await shoot(page, "upload")
    await page.get_by_label("Send").click()
    await expect(newest(page)).to_contain_text("with a file (60×40")


async def test_embeds_layouts_and_the_members_language_are_shown(page: Page) -> None:
    """An embed and a Components V2 message are drawn; the bot answers in the language that was chosen."""
    await run(page, "/show what:embed")
    await expect(newest(page).locator(".embed")).to_contain_text("An embed")
    thumbnail = newest(page).locator(".embed .thumbnail img")
    await expect(thumbnail).to_have_css("width", "80px")
    await run(page, "/show what:layout")
    await expect(newest(page).get_by_alt_text("a red square")).to_be_visible()
    await page.get_by_label("Member", exact=True).select_option("milo")
    await expect(page.locator("#locale")).to_have_value("en-US")
    await page.get_by_label("Language", exact=True).select_option("Deutsch")
    await run(page, "/echo text:hallo")
    await expect(newest(page)).to_contain_text("hallo [de]")
    await shoot(page, "layout")


async def test_direct_messages_are_a_place_of_their_own(page: Page) -> None:
    """The bot's direct messages open from the side, and say when something new is there."""
    await page.get_by_role("button", name="Echo").click()
    await expect(page.get_by_role("heading", name="Echo", level=1)).to_be_visible()
    await run(page, "/echo text:between us")
    await expect(newest(page)).to_contain_text("between us")
    await page.get_by_role("button", name="pictures", exact=True).click()
    await expect(page.get_by_role("heading", name="pictures", level=1)).to_be_visible()
    await expect(page.locator("article", has_text="between us")).to_have_count(0)


async def test_a_channel_that_is_deleted_gives_way_to_another(page: Page, local: LocalDiscord) -> None:
    """Who looks at a channel while it is deleted sees the server's first one."""
    backend = local.world.backend
    gone = backend.create_channel(local.world.guild_id, "fleeting").id
    local.changed()
    await page.get_by_role("button", name="fleeting").click()
    await expect(page.get_by_role("heading", name="fleeting", level=1)).to_be_visible()
    backend.delete_channel(gone)
    local.changed()
    await expect(page.get_by_role("heading", name="pictures", level=1)).to_be_visible()
    await run(page, "/echo text:still here")
    await expect(newest(page)).to_contain_text("still here")


async def test_it_fits_a_phone(page: Page) -> None:
    """At the width of a phone nothing is cut off at the side, and the members are behind a button."""
    await page.set_viewport_size({"width": 390, "height": 800})
    await expect(page.get_by_label("Member", exact=True)).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    await shoot(page, "phone")
    await page.get_by_label("Channels and members").click()
    await page.get_by_label("Member", exact=True).select_option("olga")
    await composer(page).type("/admin")
    await expect(page.get_by_role("option", name="/admin ping")).to_be_visible()
