"""What people choose once: their own defaults, saved styles, results for themselves; and help with the prompt."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from sandbox import LocalDiscord
from tests.tiny import catalogue_with_kontext

from .bot import Bot, running
from .commands import custom_id, delivered, done, offered, pixels, png, press, refused, slash


async def answer(local: LocalDiscord, path: str, words: str, /, who: str = "ana", **options: object) -> str:
    """The private answer of a command, once it holds the words."""
    asked = slash(local, path, who=who, **options)
    await local.wait_for(lambda: words in asked.content, 200)
    return asked.content


async def test_settings_are_remembered_and_used_for_what_is_left_out(local: LocalDiscord) -> None:
    """Count and shape chosen with /settings hold until they are reset; a field that is filled in goes before them."""
    shown = await answer(local, "settings", "Pictures at once", who="milo", count=2, size="landscape")
    assert "**Pictures at once**: 2" in shown
    await done(local, slash(local, "txt2img", who="milo", prompt="a cat as usual", size=None, num_inference_steps=2))
    assert len(delivered(local, "a cat as usual").attachments) == 2
    assert "640×416" in delivered(local, "a cat as usual").content
    await done(local, slash(local, "txt2img", who="milo", prompt="a single cat", count=1, num_inference_steps=2))
    assert len(delivered(local, "a single cat").attachments) == 1
    shown = await answer(local, "settings", "Pictures at once", who="milo", reset=True)
    assert "**Pictures at once**: 1 (the default)" in shown
    assert "is not a size" in await refused(local, slash(local, "settings", who="milo", size="huge"))


async def test_a_chosen_language_goes_before_discord_s(local: LocalDiscord) -> None:
    """After /settings language the answers come in Portuguese, until it is reset."""
    assert "Modelo" in await answer(local, "settings", "Português", who="milo", language="pt-BR")
    await answer(local, "settings", "the default", who="milo", reset=True)


async def test_styles_are_saved_used_listed_and_deleted(local: LocalDiscord) -> None:
    """A style's words are added to the prompt; the server's styles are for moderators to change."""
    await answer(local, "style save", "Saved", name="ink", words="{prompt} drawn in ink")
    assert "**ink**" in await answer(local, "style list", "ink")
    await done(local, slash(local, "txt2img", prompt="a fox", style="ink", num_inference_steps=2))
    delivered(local, "a fox drawn in ink")
    refusal = slash(local, "style save", name="ours", words="bold", scope="server")
    assert "Only moderators" in await refused(local, refusal)
    await answer(local, "style save", "Saved", who="milo", name="ours", words="bold", scope="server")
    assert "**ours**" in await answer(local, "style list", "ours")
    await answer(local, "style use", "ours", name="ours")
    await done(local, slash(local, "txt2img", prompt="a wolf", num_inference_steps=2))
    delivered(local, "a wolf, bold")
    await answer(local, "style use", "ink", name="ink")
    await answer(local, "style delete", "Deleted", name="ink")
    await done(local, slash(local, "txt2img", prompt="a bear without ink", num_inference_steps=2))
    await answer(local, "style use", "No style")
    assert "There is no style" in await refused(local, slash(local, "txt2img", prompt="a fox", style="ink"))


async def test_private_results_are_shown_to_their_member_alone_and_can_be_worked_on(local: LocalDiscord) -> None:
    """Nothing is posted in the channel; the private answer holds the picture with its buttons and what was rounded."""
    before = {message.id for message in local.messages() if not message.is_ephemeral}
    asked = slash(local, "txt2img", prompt="a secret cat", private=True, num_inference_steps=2, size="500x300")
    await local.wait_for(lambda: asked.message and "seed" in asked.content and asked.message.attachments, 200)
    assert asked.message
    assert asked.message.is_ephemeral
    assert "cannot make 500×300" in asked.content
    custom_id(asked.message, "Vary")
    assert {message.id for message in local.messages() if not message.is_ephemeral} == before


@pytest.mark.slow
async def test_whoever_wants_private_results_gets_all_of_them_so(local: LocalDiscord) -> None:
    """With /settings private, an enlargement and what the help with the prompt makes are shown only to them too."""
    otis = local.world.add_member("otis")
    await answer(local, "settings", "**Only for you**: yes", who="otis", private=True, count=2)
    before = {message.id for message in local.messages() if not message.is_ephemeral}
    large = slash(local, "upscale", who="otis", image=("x.png", png((64, 64))), factor=2)
    shown = slash(local, "prompt", who="otis")
    await local.wait_for(lambda: shown.record.modal, 200)
    helped = local.people.submit(otis, shown, {"subject": "a helped owl"})
    await local.wait_for(lambda: helped.message and helped.message.components, 200)
    assert helped.message
    helped = await press(local, otis, helped.message, "Make it")
    await local.wait_for(lambda: helped.message and len(helped.message.attachments) == 2, 200)
    await local.wait_for(lambda: large.message and large.message.attachments, 200)
    assert {message.id for message in local.messages() if not message.is_ephemeral} == before


@pytest.mark.slow
async def test_what_comes_of_a_private_picture_stays_private(local: LocalDiscord) -> None:
    """Taking one of four, and refining it, show nothing in the channel."""
    ana = local.world.members["ana"]
    before = {message.id for message in local.messages() if not message.is_ephemeral}
    asked = slash(local, "txt2img", prompt="a private fox", private=True, count=2, num_inference_steps=2)
    await local.wait_for(lambda: asked.message and len(asked.message.attachments) == 2 and "seed" in asked.content, 200)
    assert asked.message
    taken = await press(local, ana, asked.message, "Take 2")
    await local.acknowledged(taken)
    varied = await press(local, ana, asked.message, "Vary 1")
    await local.wait_for(lambda: varied.message and "strength 0.5" in varied.content, 200)
    shown = [m for m in local.messages(ana) if m.is_ephemeral and "a private fox" in m.content and m.attachments]
    assert len(shown) >= 3
    assert {message.id for message in local.messages() if not message.is_ephemeral} == before


@pytest.mark.slow
async def test_a_private_picture_that_was_cleaned_up_is_made_again_free(local: LocalDiscord, bot: Bot) -> None:
    """It stands in no message, so it is made again from its seed, the same to the eye; nothing is charged."""
    ana = local.world.members["ana"]
    asked = slash(local, "txt2img", prompt="a swept fox", private=True, count=2, num_inference_steps=2)
    await local.wait_for(lambda: asked.message and len(asked.message.attachments) == 2 and "seed" in asked.content, 200)
    assert asked.message
    kept = local.files(asked.message)
    left = (await done(local, slash(local, "txt2img", prompt="before", num_inference_steps=2))).split("You have ")[1]
    for path in (bot.folder / "data" / "pictures").iterdir():
        path.unlink()
    before = {message.id for message in local.messages(ana)}
    await press(local, ana, asked.message, "Take 2")
    (again,) = await local.wait_for(
        lambda: [m for m in local.messages(ana) if m.id not in before and m.attachments], 30
    )
    made, before_that = pixels(local.files(again)[0]), pixels(kept[1])
    # Made alone instead of with another, it may differ by rounding.
    assert max(abs(one - other) for one, other in zip(made, before_that, strict=True)) <= 2
    now = (await done(local, slash(local, "txt2img", prompt="after", num_inference_steps=2))).split("You have ")[1]
    assert int(now.split()[0]) == int(left.split()[0]) - 1


@pytest.mark.slow
async def test_a_private_picture_whose_input_is_gone_too_is_said_to_be_gone(local: LocalDiscord, bot: Bot) -> None:
    """It stands in no message and cannot be made again: its buttons say that it is no longer kept."""
    ana = local.world.members["ana"]
    asked = slash(local, "img2img", prompt="a fox gone for good", image=("a.png", png()), private=True)
    await local.wait_for(lambda: asked.message and asked.message.attachments and "seed" in asked.content, 200)
    for folder in ("pictures", "inputs"):
        for path in (bot.folder / "data" / folder).iterdir():
            path.unlink()
    assert asked.message
    pressed = await press(local, ana, asked.message, "Vary")
    assert "no longer kept" in await refused(local, pressed)


async def test_it_works_in_direct_messages_and_as_an_app_of_the_member_s(local: LocalDiscord) -> None:
    """A command in a direct message posts there; installed only to the member, the result is their private answer."""
    ana = local.world.members["ana"]
    channel = local.world.backend.get_dm_channel(ana).id
    local.people.slash(ana, channel, "txt2img", {"prompt": "a cat by post", "num_inference_steps": 2})
    here = local.world.backend.messages.setdefault(channel, {})
    await local.wait_for(lambda: [m for m in here.values() if "a cat by post" in m.content and m.attachments], 200)
    local.world.user_installs.add(ana)
    asked = slash(local, "txt2img", prompt="a cat of my own", num_inference_steps=2)
    await local.wait_for(lambda: asked.message and asked.message.attachments and "seed" in asked.content, 200)
    local.world.user_installs.discard(ana)
    assert asked.message
    assert asked.message.is_ephemeral


async def test_it_works_in_a_thread(local: LocalDiscord) -> None:
    """A command in a thread, as a forum's post is one, is answered and delivered there."""
    ana = local.world.members["ana"]
    thread = local.world.backend.create_thread(local.world.channel_id, "a thread", ana).id
    asked = local.people.slash(ana, thread, "txt2img", {"prompt": "a cat on a thread", "num_inference_steps": 2})
    await done(local, asked)
    messages = local.world.backend.messages[thread].values()
    assert [m for m in messages if "a cat on a thread" in m.content and m.attachments and not m.is_ephemeral]


@pytest.mark.slow
async def test_spoilers_are_covered(local: LocalDiscord) -> None:
    """The file's name tells Discord to cover it; a reply's picture is covered too, and in the member's language."""
    ana = local.world.members["ana"]
    local.world.locales[ana] = "pt-BR"
    await done(local, slash(local, "txt2img", prompt="a covered cat", spoiler=True, num_inference_steps=2), "hoje")
    local.world.locales[ana] = "en-US"
    covered = delivered(local, "a covered cat")
    assert covered.attachments[0]["filename"].startswith("SPOILER_")
    local.people.say(ana, local.world.channel_id, "com chapéu", (), covered.id)
    await local.wait_for(lambda: delivered(local, "a covered cat").id != covered.id, 200)
    made = delivered(local, "a covered cat, com chapéu")
    assert made.attachments[0]["filename"].startswith("SPOILER_")  # its preview, or already the picture
    await local.wait_for(lambda: "semente" in made.content, 200)
    assert made.attachments[0]["filename"].startswith("SPOILER_criar")
    assert "força 0,5" in made.content


@pytest.mark.slow
async def test_the_prompt_s_parts_are_joined(local: LocalDiscord) -> None:
    """/prompt asks for subject, composition, surroundings, light and style, and draws them together."""
    shown = slash(local, "prompt")
    await local.wait_for(lambda: shown.record.modal, 200)
    parts = {"subject": "a helped fox", "composition": "small", "style": "flat"}
    ana = local.world.members["ana"]
    submitted = local.people.submit(ana, shown, parts)
    await local.answered(submitted)
    assert submitted.message
    assert "a helped fox, small, flat" in str(submitted.message.embeds)
    await done(local, await press(local, ana, submitted.message, "Make it"))
    delivered(local, "a helped fox, small, flat")


@pytest.mark.slow
async def test_inpaint_takes_a_mask_or_names_what_is_missing(local: LocalDiscord) -> None:
    """With a mask a picture is made; without mask and transparency a sentence says what to attach."""
    mask, file = Image.new("L", (300, 200), 0), io.BytesIO()
    ImageDraw.Draw(mask).rectangle((0, 0, 150, 200), fill=255)
    mask.save(file, "PNG")
    options: dict[str, Any] = {"image": ("base.png", png()), "prompt": "a painted star"}
    await done(local, slash(local, "inpaint", mask=("mask.png", file.getvalue()), **options))
    delivered(local, "a painted star")
    assert "Attach a mask" in await refused(local, slash(local, "inpaint", **options))


async def test_without_an_editing_model_edit_is_not_offered(local: LocalDiscord) -> None:
    """Members 28: neither /edit nor Apps > Edit is there."""
    ana, channel = local.world.members["ana"], local.world.channel_id
    assert "edit" not in {entry["path"] for entry in local.people.commands(ana, channel)}
    menus = {entry["path"] for entry in local.people.commands(ana, channel, kind=3)}
    assert "Refine" in menus
    assert "Edit" not in menus


@pytest.mark.slow
async def test_edit_runs_from_command_to_message_with_a_tiny_kontext(tmp_path: Path) -> None:
    """With an editing model in a catalogue of the operator's, /edit delivers, and its button stands on pictures."""
    file = catalogue_with_kontext(tmp_path)
    models = '["criar-embedded", "tiny-kontext", "realesr-animevideov3"]'
    settings = f'[generation]\ncatalogues = ["{file}"]\nmodels = {models}\n'
    async with running(tmp_path, settings) as (local, _):
        await done(local, slash(local, "edit", instruction="make the sky purple", image=("a.png", png((64, 64)))))
        message = delivered(local, "make the sky purple")
        assert "Tiny Kontext" in message.content
        await offered(local, local.world.members["ana"], message, "Edit with words")
