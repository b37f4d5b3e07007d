"""From the first idea to the final picture: select, refine, compare, enlarge, and where a picture comes from."""

import io

import pytest
from PIL import Image
from simcord.backend.models import Message

from bot.messages.contact_sheet import contact_sheet
from sandbox import LocalDiscord
from sandbox.people import Asked

from .commands import custom_id, delivered, done, modal_fields, offered, pixels, png, press, refused, slash


def steps(asked: Asked) -> list[str]:
    """The lines of a private answer that say what a picture is, without the small print."""
    return [line for line in asked.content.splitlines() if not line.startswith("-# ")]


async def test_four_pictures_come_with_a_row_to_take_one_and_a_row_to_vary_one(local: LocalDiscord) -> None:
    """Take 2 posts the second picture alone, with its own actions; nothing is charged for it."""
    words = await done(local, slash(local, "txt2img", prompt="a chosen cat", count=4, seed=40))
    left = words.split("You have ")[1]
    gallery = delivered(local, "a chosen cat")
    for number in range(1, 5):
        custom_id(gallery, f"Take {number}")
        custom_id(gallery, f"Vary {number}")
    await press(local, local.world.members["ana"], gallery, "Take 2")
    await local.wait_for(lambda: delivered(local, "a chosen cat").id != gallery.id, 200)
    alone = delivered(local, "a chosen cat")
    assert alone.reference
    assert alone.reference["message_id"] == str(gallery.id)
    # Each message's file is signed by itself.
    assert [pixels(data) for data in local.files(alone)] == [pixels(local.files(gallery)[1])]
    assert "seed 41" in alone.content
    for label in ("Refine low", "Vary", "Refine high", "Refine with", "Compare strengths (costs 4)"):
        await offered(local, local.world.members["ana"], alone, label)
    again = await done(local, slash(local, "txt2img", prompt="a cat that counts one"))
    assert again.split("You have ")[1].split()[0] == str(int(left.split()[0]) - 1)


async def test_refining_goes_on_with_the_picture_s_own_prompt_and_settings(local: LocalDiscord) -> None:
    """Refine low on a picture makes another from it at 0.25 with its prompt, and says so."""
    await local.answered(slash(local, "settings", prompt_in_files=True))
    await done(local, slash(local, "txt2img", prompt="a cat to refine", negative_prompt="fog", seed=3))
    alone = delivered(local, "a cat to refine")
    asked = await press(local, local.world.members["ana"], alone, "Refine low")
    assert "continues with the prompt, model and settings" in await done(local, asked)
    refined = delivered(local, "a cat to refine")
    assert refined.id != alone.id
    assert "strength 0.25" in refined.content
    text = Image.open(io.BytesIO(local.files(refined)[0])).text["parameters"]  # type: ignore[attr-defined]
    assert "Negative prompt: fog" in text
    await local.answered(slash(local, "settings", prompt_in_files=False))


async def test_the_refine_modal_takes_strength_prompt_model_and_seed(local: LocalDiscord) -> None:
    """Refine with … is filled in with the picture's prompt, and what is written there is used."""
    await done(local, slash(local, "txt2img", prompt="a cat for the modal"))
    alone = delivered(local, "a cat for the modal")
    ana = local.world.members["ana"]
    shown = await press(local, ana, alone, "Refine with")
    await local.wait_for(lambda: shown.record.modal)
    fields = modal_fields(shown)
    assert fields["a cat for the modal"] == "prompt"
    sent = local.people.submit(ana, shown, {"prompt": "a fox from the modal", "strength": "0,6", "seed": "77"})
    await done(local, sent)
    message = delivered(local, "a fox from the modal")
    assert "strength 0.6" in message.content
    assert "seed 77" in message.content
    wrong = local.people.submit(ana, shown, {"prompt": "a fox", "strength": "purple"})
    assert "between 0.05 and 1" in await refused(local, wrong)


@pytest.mark.slow
async def test_an_upload_that_was_only_enlarged_is_refined_with_words_that_are_asked_for(local: LocalDiscord) -> None:
    """It has no prompt to go on with, so the buttons lead to a modal; comparing asks for no strength."""
    ana = local.world.members["ana"]
    await done(local, slash(local, "upscale", image=("mine.png", png((64, 64))), factor=2))
    large = delivered(local, "enlarge")
    for label, asked_for in (("Refine low", True), ("Compare", False)):
        said = await press(local, ana, large, label)
        await local.wait_for(lambda: said.message and said.message.components, 200)  # noqa: B023 - awaited at once
        assert said.message
        shown = await press(local, ana, said.message, "Refine with")
        await local.wait_for(lambda: shown.record.modal)  # noqa: B023 - awaited at once
        assert ("strength" in modal_fields(shown).values()) == asked_for
    local.people.say(ana, local.world.channel_id, "strong", (), large.id)
    await local.wait_for(lambda: by_bot(local, "Say what the picture should show"))
    await done(local, local.people.submit(ana, shown, {"prompt": "a sun with words at last"}))
    assert "strengths 0.2, 0.4, 0.6, 0.8" in delivered(local, "a sun with words at last").content


@pytest.mark.slow
async def test_a_picture_that_was_taken_on_outlives_the_message_it_came_in(local: LocalDiscord) -> None:
    """After the two are deleted, the one that stands alone is still refined."""
    ana = local.world.members["ana"]
    await done(local, slash(local, "txt2img", num_inference_steps=2, prompt="a cat to keep", count=2))
    gallery = delivered(local, "a cat to keep")
    await press(local, ana, gallery, "Take 2")
    await local.wait_for(lambda: delivered(local, "a cat to keep").id != gallery.id, 200)
    alone = delivered(local, "a cat to keep")
    await press(local, ana, gallery, "Delete")
    await local.wait_for(lambda: gallery.id not in {m.id for m in local.messages()})
    await done(local, await press(local, ana, alone, "Refine high"))
    assert "strength 0.8" in delivered(local, "a cat to keep").content


@pytest.mark.slow
async def test_comparing_strengths_makes_one_labelled_strip_of_one_seed(local: LocalDiscord) -> None:
    """The strip shows the input and 0.2 to 0.8; taking 0.6 on posts that picture; it costs four."""
    before = await done(local, slash(local, "txt2img", prompt="a cat to compare", seed=5))
    alone = delivered(local, "a cat to compare")
    ana = local.world.members["ana"]
    after = await done(local, await press(local, ana, alone, "Compare"))
    count = [int(words.split("You have ")[1].split()[0]) for words in (before, after)]
    assert count[0] - count[1] == 4
    compared = delivered(local, "strengths 0.2, 0.4, 0.6, 0.8")
    (data,) = local.files(compared)
    whole = Image.open(io.BytesIO(data))
    assert whole.width > 4 * whole.height
    assert "at the strengths 0.2, 0.4, 0.6, 0.8" in compared.attachments[0]["description"]
    await press(local, ana, compared, "Take 0.6")
    await local.wait_for(lambda: "strength 0.6 " in delivered(local, "a cat to compare").content, 200)
    assert delivered(local, "a cat to compare").attachments[0]["filename"].startswith("criar-3-")


@pytest.mark.slow
async def test_origin_shows_the_way_and_any_step_can_be_taken_up_again(local: LocalDiscord) -> None:
    """txt2img, refined, enlarged: three captions in order, and a menu that posts any of them again."""
    ana = local.world.members["ana"]
    await done(local, slash(local, "txt2img", prompt="a cat with a past", seed=9))
    first = delivered(local, "a cat with a past")
    await done(local, await press(local, ana, first, "Vary"))
    second = delivered(local, "strength 0.5")
    await done(local, await press(local, ana, second, "Enlarge 4"))
    third = delivered(local, "enlarge")
    asked = await press(local, ana, third, "Origin")
    await local.wait_for(lambda: "3. enlarged to" in asked.content, 200)
    lines = steps(asked)
    assert lines[0].startswith("1. txt2img: “a cat with a past” · seed 9")
    assert "strength 0.5" in lines[1]
    assert asked.message
    assert asked.message.is_ephemeral
    menu = asked.message.components[0]["components"][0]
    chosen = local.people.press(ana, asked.message, menu["custom_id"], [menu["options"][0]["value"]])
    await local.acknowledged(chosen)
    await local.wait_for(lambda: delivered(local, "a cat with a past").id > third.id, 200)


@pytest.mark.slow
async def test_history_pages_through_one_s_own_pictures_newest_first(local: LocalDiscord) -> None:
    """Six thumbnails a page, private, with buttons to older and newer ones."""
    milo = local.world.members["milo"]
    for place in range(2):
        await done(
            local, slash(local, "txt2img", who="milo", prompt=f"history {place}", count=4, num_inference_steps=2)
        )
    asked = slash(local, "history", who="milo")
    await local.wait_for(lambda: "history 1" in asked.content, 200)
    assert asked.message
    assert asked.message.is_ephemeral
    assert [line.split()[2] for line in steps(asked)] == ["1", "1", "1", "1", "0", "0"]
    older = local.people.press(milo, asked.message, custom_id_of_row(asked.message, "Older"))
    await local.acknowledged(older)
    await local.wait_for(lambda: (shown := steps(asked)) and shown[0].startswith("**7**"), 200)


def custom_id_of_row(message: object, label: str) -> str:
    parts = [part for row in message.components for part in row["components"]]  # type: ignore[attr-defined]
    return str(next(part["custom_id"] for part in parts if part.get("label") == label))


async def test_apps_refine_works_on_anybody_s_picture_and_asks_which_of_several(local: LocalDiscord) -> None:
    """Of two pictures a menu chooses one; the modal asks for a prompt, since a foreign picture has none of ours."""
    ana, milo = local.world.members["ana"], local.world.members["milo"]
    files = [("one.png", png()), ("two.png", png((256, 256)))]
    message = local.people.say(milo, local.world.channel_id, "look at these", files)
    asked = local.people.menu(ana, "Refine", message)
    await local.answered(asked)
    assert asked.message
    menu = asked.message.components[0]["components"][0]
    shown = local.people.press(ana, asked.message, menu["custom_id"], ["1"])
    await local.wait_for(lambda: shown.record.modal, 200)
    words = await done(local, local.people.submit(ana, shown, {"prompt": "a sun from the second"}))
    assert "I received “two.png”, 256×256" in words


async def test_apps_picture_info_reads_what_other_programs_wrote(local: LocalDiscord) -> None:
    """A picture with Automatic1111's parameters shows its prompt and seed; one without says so."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text("parameters", "a fine castle\nNegative prompt: fog\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 5")
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "PNG", pnginfo=info)
    milo = local.world.members["milo"]
    told = local.people.say(milo, local.world.channel_id, "mine", [("castle.png", file.getvalue())])
    asked = local.people.menu(milo, "Picture info", told)
    await local.wait_for(lambda: "a fine castle" in asked.content, 200)
    assert "**Seed**: 5" in asked.content
    plain = local.people.say(milo, local.world.channel_id, "mine", [("plain.png", png())])
    asked = local.people.menu(milo, "Picture info", plain)
    await local.wait_for(lambda: "carries no parameters" in asked.content, 200)
    used = slash(local, "img2img", image=("castle.png", file.getvalue()))
    await done(local, used)
    assert delivered(local, "a fine castle")
    assert "does not carry its own words" in await refused(local, slash(local, "img2img", image=("p.png", png())))


@pytest.mark.slow
async def test_a_mention_beside_a_foreign_picture_refines_it_or_names_the_way(local: LocalDiscord) -> None:
    """An own upload with a mention is refined; a reply to another's picture that is hidden names Apps > Refine."""
    ana, milo = local.world.members["ana"], local.world.members["milo"]
    me = f"<@{local.world.backend.bot_user.id}>"
    local.people.say(ana, local.world.channel_id, f"{me} a mentioned apple, strong, 2x", [("mine.png", png())])
    (made,) = await local.wait_for(
        lambda: with_files(by_bot(local, "a mentioned apple", "strength 0.8", "seed "), 2), 60
    )
    assert "I received “mine.png”, 300×200" in made.content
    await offered(local, ana, made, "Edit the prompt (costs 2)")
    hidden = local.people.say(milo, local.world.channel_id, "hidden", [("his.png", png())])
    local.people.say(ana, local.world.channel_id, f"{me} as a sketch", (), hidden.id)
    await local.wait_for(
        lambda: by_bot(local, "Apps > Refine") or with_files(by_bot(local, "as a sketch", "strength"), 1), 60
    )


def by_bot(local: LocalDiscord, *words: str) -> list[Message]:
    """Messages with all of these words that no member wrote: they name a strength, or a way."""
    return [message for message in local.messages() if all(word in message.content for word in words)]


def test_a_strip_has_a_tile_for_each_picture_and_marks_those_that_are_gone() -> None:
    """Labels stand above the tiles; a missing picture leaves a grey one."""
    whole = Image.open(io.BytesIO(contact_sheet([(png(), "before"), (None, "0.4")])))
    assert whole.size == (2 * 392 + 8, 8 + 84 + 384 + 8)
    assert whole.getpixel((8 + 392 + 100, 300)) == (0x3A, 0x3C, 0x44)


def with_files(messages: list[Message], count: int) -> list[Message]:
    return [message for message in messages if len(message.attachments) == count]
