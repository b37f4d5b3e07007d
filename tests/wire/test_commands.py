"""Every command over the wire, with the real bot process, its worker and the embedded model."""

import io
from typing import Any

import pytest
from PIL import Image

from sandbox import LocalDiscord

from .commands import APPLE, BAR, custom_id, delivered, done, modal_fields, png, press, refused, slash


async def test_txt2img_answers_at_once_and_delivers_all_pictures_in_one_message(local: LocalDiscord) -> None:
    """Four pictures come as four PNG files of one message, each with the prompt and its seed as alt text."""
    asked = slash(local, "txt2img", prompt=APPLE, count=4, seed=10, size=None)
    await local.wait_for(lambda: asked.record.responded, 3)
    assert asked.record.ephemeral
    words = await done(local, asked)
    assert words.startswith("Your 4 pictures are ready.")
    message = delivered(local, APPLE)
    assert [file["description"] for file in message.attachments] == [
        f"{APPLE} (seed {seed}), made with AI" for seed in range(10, 14)
    ]
    assert "seed 10, 11, 12, 13" in message.content
    pictures = [Image.open(io.BytesIO(data)) for data in local.files(message)]
    assert [picture.size for picture in pictures] == [(512, 512)] * 4
    assert "Seed: 12," in pictures[2].text["parameters"]  # type: ignore[attr-defined]


async def test_the_member_sees_their_place_then_progress_with_previews(local: LocalDiscord) -> None:
    """The private answer shows a bar with steps and at least one preview before the pictures are there."""
    asked = slash(local, "txt2img", prompt="a cat", num_inference_steps=60)
    await local.wait_for(lambda: asked.message and asked.message.attachments and "step" in asked.content, 200)
    await done(local, asked)
    assert asked.message
    assert not asked.message.attachments


async def test_img2img_says_what_it_received_and_what_it_makes(local: LocalDiscord) -> None:
    """An upload is fitted without distortion, and the answer says both sizes."""
    asked = slash(local, "img2img", image=("sketch.png", png()), prompt="an apple, img2img", strength="0.5")
    words = await done(local, asked)
    assert "I received “sketch.png”, 300×200; the result is 640×416." in words
    message = delivered(local, "an apple, img2img")
    assert "strength 0.5" in message.content
    (data,) = local.files(message)
    picture = Image.open(io.BytesIO(data))
    assert picture.size == (640, 416)
    assert "compositeWithTrainedAlgorithmicMedia" in picture.text["XML:com.adobe.xmp"]  # type: ignore[attr-defined]


async def test_a_size_that_is_rounded_is_said(local: LocalDiscord) -> None:
    """A size that the model cannot make is the nearest one, and the answer says so."""
    words = await done(local, slash(local, "txt2img", prompt="a rounded cat", size="500x300"))
    assert "cannot make 500×300; the nearest it can is 512×288" in words


async def test_upscale_makes_a_picture_four_times_larger(local: LocalDiscord) -> None:
    """/upscale works on any upload."""
    words = await done(local, slash(local, "upscale", image=("x.png", png((120, 80))), factor=4))
    assert "the result is 480×320" in words
    (data,) = local.files(delivered(local, "enlarge"))
    assert Image.open(io.BytesIO(data)).size == (480, 320)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"prompt": "x", "size": "huge"}, "is not a size; write a ratio such as 3:2"),
        ({"prompt": "x", "model": "nothing"}, "There is no model “nothing”"),
        ({"prompt": "x", "scheduler": "magic"}, "choose one of DPM"),
    ],
)
async def test_txt2img_refuses_privately_and_says_what_to_do(
    local: LocalDiscord, options: dict[str, Any], sentence: str
) -> None:
    """A wrong option is answered with one sentence that only the member sees."""
    assert sentence in await refused(local, slash(local, "txt2img", **options))


async def test_img2img_names_the_smallest_strength_that_works(local: LocalDiscord) -> None:
    """Where int(steps × strength) is 0 the refusal names the strength to use."""
    asked = slash(local, "img2img", image=("a.png", png()), prompt="x", strength="0.1", num_inference_steps=5)
    assert "use at least 0.2" in await refused(local, asked)


async def test_a_file_that_is_no_picture_is_refused(local: LocalDiscord) -> None:
    """A file is judged by its content, whatever its name says."""
    asked = slash(local, "img2img", image=("photo.png", b"MZ this is no picture"), prompt="x")
    assert "cannot read that file" in await refused(local, asked)


async def test_suggestions_explain_strengths_and_find_models(local: LocalDiscord) -> None:
    """Autocomplete offers the named strengths, models by misspelt names, sizes with what they come to."""
    ana, channel = local.world.members["ana"], local.world.channel_id

    async def suggested(path: str, name: str, typed: str) -> list[dict[str, Any]]:
        asked = local.people.autocomplete(ana, channel, path, name, typed, {})
        await local.wait_for(lambda: asked.record.responded, 3)
        return asked.record.autocomplete_choices or []

    strengths = await suggested("img2img", "strength", "")
    assert [choice["value"] for choice in strengths] == ["0.25", "0.5", "0.7", "0.8", "1"]
    assert "composition kept" in strengths[1]["name"]
    assert "for sketches" in strengths[2]["name"]
    assert (await suggested("img2img", "strength", "0,33"))[0]["value"] == "0.33"
    assert (await suggested("txt2img", "model", "embeded"))[0]["value"] == "criar-embedded"
    assert "(640×416)" in (await suggested("txt2img", "size", "3:2"))[0]["name"]
    assert {choice["value"] for choice in await suggested("txt2img", "scheduler", "dpm")} >= {"DPM++ 2M"}


async def test_a_reply_to_a_picture_refines_it_at_medium_strength(local: LocalDiscord) -> None:
    """Replying with words makes a picture from the first one of the message, at strength 0.5, as a reply."""
    await done(local, slash(local, "txt2img", prompt="a boat for a reply"))
    source = delivered(local, "a boat for a reply")
    said = local.people.say(local.world.members["ana"], local.world.channel_id, "as a watercolour", (), source.id)
    await local.wait_for(
        lambda: [m for m in local.messages() if "as a watercolour" in m.content and m.attachments], 100
    )
    answer = delivered(local, "as a watercolour")
    assert "strength 0.5" in answer.content
    assert answer.reference
    assert int(answer.reference["message_id"]) == said.id


async def test_again_makes_the_same_request_with_a_new_seed(local: LocalDiscord) -> None:
    """The button makes as many pictures again, with other seeds."""
    await done(local, slash(local, "txt2img", prompt="a boat made again", seed=1))
    first = delivered(local, "a boat made again")
    ana = local.world.members["ana"]
    again = await press(local, ana, first, "Again")
    await done(local, again)
    second = delivered(local, "a boat made again")
    assert second.id != first.id
    assert "seed 1" not in second.content.split()


async def test_change_and_repeat_opens_a_filled_in_modal_and_uses_what_is_sent(local: LocalDiscord) -> None:
    """The modal holds the request's fields; what is changed is made."""
    await done(local, slash(local, "txt2img", prompt="a house to change", seed=77))
    ana, first = local.world.members["ana"], delivered(local, "a house to change")
    shown = await press(local, ana, first, "Edit the prompt")
    await local.wait_for(lambda: shown.record.modal)
    fields = modal_fields(shown)
    assert "77" in fields
    sent = local.people.submit(ana, shown, {fields["a house to change"]: "a castle instead", fields["77"]: "78"})
    await done(local, sent)
    assert "seed 78" in delivered(local, "a castle instead").content


async def test_a_modal_with_words_for_numbers_is_refused(local: LocalDiscord) -> None:
    """A field that is no number is named in the refusal."""
    await done(local, slash(local, "txt2img", prompt="a modal gone wrong", seed=5))
    ana, first = local.world.members["ana"], delivered(local, "a modal gone wrong")
    shown = await press(local, ana, first, "Edit the prompt")
    await local.wait_for(lambda: shown.record.modal)
    fields = modal_fields(shown)
    assert "seed must be a whole number between 0 and 4294967295, or -1 for any; not “five”" in await refused(
        local, local.people.submit(ana, shown, {fields["5"]: "five"})
    )


async def test_details_show_every_parameter(local: LocalDiscord) -> None:
    """The details name model, prompt, size, steps, guidance, scheduler and each picture's seed."""
    await done(
        local, slash(local, "txt2img", prompt="a detailed cat", seed=9, guidance_scale=3.5, num_inference_steps=20)
    )
    message = delivered(local, "a detailed cat")
    asked = await press(local, local.world.members["milo"], message, "Details")
    await local.answered(asked)
    for words in ("Criar embedded", "a detailed cat", "256×256", "20", "3.5", "DPM++ 2M", "seed 9"):
        assert words in asked.content


async def test_delete_is_for_the_author_and_moderators(local: LocalDiscord) -> None:
    """Another member is refused; a moderator may; the message is gone."""
    local.world.add_member("otto")
    await done(local, slash(local, "txt2img", prompt="a cat to delete"))
    message = delivered(local, "a cat to delete")
    otto = local.people.press(local.world.members["otto"], message, custom_id(message, "More"))
    await local.wait_for(lambda: otto.message and otto.message.components, 200)
    assert otto.message
    assert "Delete" not in str(otto.message.components)
    await press(local, local.world.members["milo"], message, "Delete")
    await local.wait_for(lambda: message.id not in {m.id for m in local.messages()})


async def test_cancel_takes_back_what_is_not_made_and_gives_the_images_back(local: LocalDiscord) -> None:
    """/cancel ends the running and the waiting pictures, says how many, and they are not counted."""
    local.world.add_member("carl")
    first = slash(local, "txt2img", "carl", prompt="a long one", count=4, num_inference_steps=100, size=None)
    await local.wait_for(lambda: BAR in first.content, 200)
    second = slash(local, "txt2img", "carl", prompt="one behind it", count=2)
    await local.wait_for(lambda: second.content, 200)
    cancelled = slash(local, "cancel", "carl")
    await local.answered(cancelled)
    assert cancelled.message
    local.people.press(local.world.members["carl"], cancelled.message, "cancel", ["all"])
    await local.wait_for(lambda: "6 pictures are cancelled" in cancelled.content, 200)
    assert "500 of 500" in await done(local, first)
    assert "Nothing was made" in await done(local, second)
    nothing = slash(local, "cancel", "carl")
    assert "no pictures waiting" in (await local.answered(nothing)).content


async def test_the_cancel_button_works_while_a_job_waits_or_runs(local: LocalDiscord) -> None:
    """Pressing Cancel under the announcement ends the job; the private answer says so, and no message stays."""
    asked = slash(local, "txt2img", prompt="cancelled by button", num_inference_steps=100, count=2)
    (message,) = await local.wait_for(
        lambda: [m for m in local.messages() if "cancelled by button" in m.content and m.components], 30
    )
    await press(local, local.world.members["ana"], message, "Cancel")
    assert "2 were cancelled and not counted" in await done(local, asked)
    await local.wait_for(lambda: message.id not in {each.id for each in local.messages()}, 200)


async def test_queue_shows_what_is_ahead(local: LocalDiscord) -> None:
    """/queue lists the member's jobs with their place, or says that they are being made beside others'."""
    slash(local, "txt2img", "milo", prompt="a slow one", count=4, num_inference_steps=100)
    mine = slash(local, "txt2img", prompt="my turn soon", count=2)
    await local.wait_for(lambda: mine.content, 200)
    asked = slash(local, "queue")
    await local.answered(asked)
    assert "my turn soon" in asked.content
    assert any(words in asked.content for words in ("next", "ahead", "being made now", "being loaded"))
    slash(local, "cancel", "milo")
    await done(local, mine)


async def test_quota_shows_used_left_and_reset(local: LocalDiscord) -> None:
    """/quota shows a bar, the numbers in words, and when new images come."""
    local.world.add_member("quentin")
    await done(local, slash(local, "txt2img", "quentin", prompt="one of the day"))
    asked = slash(local, "quota", "quentin")
    await local.answered(asked)
    assert "1 of 500 images used today, 499 left" in asked.content
    assert "<t:" in asked.content


async def test_models_and_help_answer_privately(local: LocalDiscord) -> None:
    """/models lists the catalogue with sample words; /help explains the two modes and strength."""
    models, explained = slash(local, "models"), slash(local, "help")
    await local.wait_for(lambda: all(asked.message and asked.message.embeds for asked in (models, explained)), 200)
    assert models.message
    assert explained.message
    assert models.message.is_ephemeral
    assert explained.message.is_ephemeral
    assert "Criar embedded (criar-embedded)" in [field["name"] for field in models.message.embeds[0]["fields"]]
    text = str(explained.message.embeds)
    for words in ("/txt2img", "/img2img", "0.25 subtle", "composition kept", "seed", "--ar 16:9", "“Take 1”", "“More”"):
        assert words in text


async def test_model_shows_one_in_full_and_is_found_by_a_part_of_its_name(local: LocalDiscord) -> None:
    """/model answers privately; autocomplete finds the id; the menu under /models shows the same."""
    ana, channel = local.world.members["ana"], local.world.channel_id
    typed = local.people.autocomplete(ana, channel, "model", "name", "embeded", {})
    await local.wait_for(lambda: typed.record.responded, 3)
    (choice,) = typed.record.autocomplete_choices or []
    shown = slash(local, "model", name=choice["value"])
    await local.wait_for(lambda: shown.message, 200)
    assert shown.message
    assert shown.message.is_ephemeral
    assert "a rocket on a yellow background" in str(shown.message.embeds)
    assert "no model “nothing”" in await refused(local, slash(local, "model", name="nothing"))


async def test_a_lora_that_fits_nothing_here_is_refused(local: LocalDiscord) -> None:
    """The sentence names the model that it does not fit."""
    asked = slash(local, "txt2img", prompt="x", lora="papercut:0.8")
    assert "Papercut does not fit Criar embedded; it fits none here" in await refused(local, asked)


async def test_quota_admin_is_capped_for_admins_and_free_for_the_operator(local: LocalDiscord) -> None:
    """The operator sets any limit; a plain member does not even see the command."""
    olga, zoe = "olga", local.world.add_member("zoe")
    seen = {entry["path"] for entry in local.people.commands(local.world.members["ana"], local.world.channel_id)}
    assert not any(path.startswith("quota-admin") for path in seen)
    for path, options, words in (
        ("quota-admin set", {"member": zoe, "images_per_day": 1000, "reason": "test"}, "0 of 1000 images used today"),
        ("quota-admin show", {"member": zoe}, "1000 left"),
        ("quota-admin reset", {"member": zoe, "reason": "test"}, "daily count is reset"),
        ("quota-admin set", {"member": zoe, "reason": "test"}, "0 of 500 images"),
    ):
        asked = slash(local, path, olga, **options)
        await local.answered(asked)
        assert words in asked.content
