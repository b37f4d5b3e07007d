"""What went wrong once with other bots or here, and holds now, with the real client."""

import asyncio
import io
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from bot.components.replies.question import STAYS
from sandbox import Fault

from .rig import Rig, png
from .test_replies import answers, picture, read_by_bot, said


async def test_a_command_that_is_acknowledged_too_late_makes_and_charges_nothing(rig: Rig) -> None:
    """Bot 1: Discord no longer knows it; the next command works."""
    ana, channel = rig.members["ana"], rig.local.world.channel_id
    before = rig.service.asked[ana]
    fault = Fault(method="POST", path="/interactions/*/*/callback", status=404, code=10062)
    rig.local.fail(fault)
    rig.slash(ana, channel, "txt2img", {"prompt": "a late cat"})
    await rig.settle(lambda: fault not in rig.local.rest.faults)
    asked = rig.slash(ana, channel, "txt2img", {"prompt": "a cat in time"})
    await rig.settle(lambda: "left today" in asked.content)
    assert rig.service.asked[ana] == before + 1


@pytest.mark.parametrize(
    "typed", ["00x00", "00x512", "1:0." + "0" * 60 + "1", "9999:0.0001", "512x512" + " " * 90, "x"]
)
async def test_suggestions_never_fail_whatever_is_typed(rig: Rig, typed: str) -> None:
    """Bot 18: a size that cannot be, or is too long for a suggestion, brings the shapes."""
    asked = rig.local.people.autocomplete(rig.members["ana"], rig.local.world.channel_id, "txt2img", "size", typed, {})
    await rig.settle(lambda: asked.record.responded)
    assert asked.record.autocomplete_choices


@pytest.mark.parametrize(("size", "taken"), [((96, 64), False), ((64, 64), True)])
async def test_a_mask_of_another_shape_than_the_picture_is_refused(
    rig: Rig, size: tuple[int, int], taken: bool
) -> None:
    """Members 27: it is not stretched; one of another size, but of the same shape, is taken."""
    ana, channel = rig.members["ana"], rig.local.world.channel_id
    before = rig.service.asked[ana]
    file, mask = io.BytesIO(), Image.new("L", size)
    mask.paste(255, (0, 0, 20, 20))
    mask.save(file, "PNG")
    options = {"image": ("a.png", png()), "mask": ("b.png", file.getvalue()), "prompt": "a star"}
    asked = rig.slash(ana, channel, "inpaint", options)
    await rig.settle(lambda: not asked.loading and asked.content)
    assert ("96×64" in asked.content) is not taken
    assert rig.service.asked[ana] == before + taken


async def test_a_refusal_under_a_reply_is_remembered_as_to_be_erased(rig: Rig) -> None:
    """Bot 48: in the database, so that a restart within the thirty seconds does not leave it there."""
    shown = await picture(rig)
    message = await said(rig, "ana", "a dog --ar 99", reply_to=shown.id)
    (answer,) = await rig.settle(lambda: answers(rig, message))
    due = datetime.now(UTC) + STAYS + timedelta(minutes=1)
    async with asyncio.timeout(60):
        while (answer.channel_id, answer.id) not in await rig.store.privacy.to_erase(due, 10**6):
            pass  # the answer is sent before it is remembered, and the database makes no event


async def test_a_request_that_was_cancelled_says_nothing_of_how_it_would_have_been_made(rig: Rig) -> None:
    """Members 24: “Nothing was made” stands alone."""
    world, ana = rig.local.world, rig.members["ana"]
    rig.service.makes = False
    try:
        before = rig.service.asked[ana]
        asked = rig.slash(ana, world.channel_id, "txt2img", {"prompt": "a zorblax", "size": "500x300"})
        await rig.settle(lambda: rig.service.asked[ana] > before)
        await rig.settle(lambda: "zorblax" in asked.content)
        await rig.client.manager.cancel(await rig.store.jobs.of_picture(rig.service.pictures[-1].id), ana)
        await rig.settle(lambda: "Nothing was made" in asked.content)
    finally:
        rig.service.makes = True
    assert "-#" not in asked.content


async def test_a_prompt_that_was_put_together_is_shown_before_it_is_paid_for(rig: Rig) -> None:
    """Members 19: /prompt shows the words; the button makes them."""
    ana = rig.members["ana"]
    before = rig.service.asked[ana]
    fields = {"subject": "a cat", "style": "flat"}
    shown = rig.forge_modal("ana", rig.local.world.channel_id, "helped:criar-embedded", fields)
    await rig.settle(lambda: shown.message and shown.message.embeds)
    assert shown.message
    assert shown.message.embeds[0]["description"] == "a cat, flat"
    assert rig.service.asked[ana] == before
    rig.local.people.press(ana, shown.message, "prompted:criar-embedded")
    await rig.settle(lambda: rig.service.asked[ana] > before)
    assert rig.service.pictures[-1].request.prompt == "a cat, flat"


@pytest.mark.parametrize(("strength", "read"), [("major", 0.8), ("50 %", 0.5), ("0,5", 0.5)])
async def test_a_command_s_strength_is_read_as_people_write_it(rig: Rig, strength: str, read: float) -> None:
    """Members 17: in words, in percent and with a comma, as in forms and replies."""
    ana = rig.members["ana"]
    before = rig.service.asked[ana]
    options = {"image": ("a.png", rig.service._png), "prompt": "a cat", "strength": strength}
    rig.slash(ana, rig.local.world.channel_id, "img2img", options)
    await rig.settle(lambda: rig.service.asked[ana] > before)
    assert rig.service.pictures[-1].request.strength == read


@pytest.mark.parametrize("menu", ["Upscale", "Refine"])
async def test_what_comes_of_anybody_s_picture_replies_to_it(rig: Rig, menu: str) -> None:
    """Members 11: everybody sees what came of what, also where a menu was used on a member's own picture."""
    ana, world = rig.members["ana"], rig.local.world
    before = rig.service.asked[ana]
    sent = await said(rig, "milo", "mine", [("mine.png", rig.service._png)])
    asked = rig.local.people.menu(ana, menu, sent)
    if menu == "Refine":
        await rig.settle(lambda: asked.record.modal)
        rig.local.people.submit(ana, asked, {"prompt": "a cat"})
    await rig.settle(lambda: rig.service.asked[ana] > before)
    job = await rig.store.jobs.of_picture(rig.service.pictures[-1].id)
    messages = world.backend.messages[world.channel_id].values()
    announced = f"for <@{ana}>"
    (shown,) = await rig.settle(
        lambda: [
            each
            for each in messages
            if announced in each.content and each.reference and each.reference["message_id"] == str(sent.id)
        ]
    )
    assert job.channel_id == shown.channel_id


async def test_a_member_is_told_that_a_moderator_deleted_their_pictures(rig: Rig) -> None:
    """Members 30: in a direct message; who deletes their own gets none."""
    world = rig.local.world
    inbox = world.backend.get_dm_channel(rig.members["ana"]).id
    for who, told in (("ana", False), ("milo", True)):
        job, shown = await rig.job("ana", world.channel_id, world.guild_id)
        last = max(world.backend.messages.get(inbox, {}), default=0)
        rig.forge(who, world.channel_id, shown, f"job:delete:{job.id}")
        await rig.settle(lambda: shown.id not in world.backend.messages[world.channel_id])  # noqa: B023 - awaited here
        if told:
            await rig.settle(lambda: max(world.backend.messages.get(inbox, {}), default=0) > last)  # noqa: B023
            newest = world.backend.messages[inbox][max(world.backend.messages[inbox])]
            assert "deleted your pictures of “a cat”" in newest.content
        else:
            await read_by_bot(rig)
            assert max(world.backend.messages.get(inbox, {}), default=0) == last
