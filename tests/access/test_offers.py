"""A request for more pictures than may be made comes with a button that makes as many as may be."""

from simcord.backend.models import Message

from sandbox.people import Asked

from .rig import Rig
from .test_quota_admin import ask, newcomer

__all__ = ["newcomer"]


def labels(message: Message | None) -> list[str]:
    return [part["label"] for row in (message.components if message else ()) for part in row["components"]]


async def refused(rig: Rig, who: str, left: int) -> Asked:
    """Ask for four pictures with only so many left."""
    await ask(rig, "oscar", "quota-admin set", member=rig.members[who], images_per_day=left, reason="few")
    return await ask(rig, who, "txt2img", prompt="a cat", count=4, seed=5)


def offer_in(asked: Asked) -> str:
    assert asked.message
    return str(asked.message.components[0]["components"][0]["custom_id"])


async def test_two_are_made_instead_of_four(rig: Rig, newcomer: str) -> None:
    """Finding 25: the button makes what is left of the same request; then nothing is left."""
    asked = await refused(rig, newcomer, 2)
    assert "You asked for 4 and have 2" in asked.content
    assert labels(asked.message) == ["Make 2 instead"]
    member = rig.members[newcomer]
    rig.local.people.press(member, asked.message, offer_in(asked))  # type: ignore[arg-type]
    await rig.settle(lambda: rig.service.asked[member] == 2)
    made = rig.service.pictures[-1].request
    assert (made.prompt, rig.service.pictures[-2].request.seed) == ("a cat", 5)
    assert "2 of 2 images used" in (await ask(rig, newcomer, "quota")).content


async def test_nothing_is_offered_where_nothing_is_left(rig: Rig, newcomer: str) -> None:
    """With no image left there is the sentence and no button."""
    assert labels((await refused(rig, newcomer, 0)).message) == []


async def test_an_offer_is_its_member_s_and_stands_once(rig: Rig, newcomer: str) -> None:
    """Another member's press, and a second one, make nothing."""
    asked = await refused(rig, newcomer, 1)
    world, member = rig.local.world, rig.members[newcomer]
    assert asked.message
    others = rig.forge("ana", world.channel_id, asked.message, offer_in(asked))
    await rig.settle(lambda: "no longer stands" in others.content)
    rig.local.people.press(member, asked.message, offer_in(asked))
    await rig.settle(lambda: rig.service.asked[member] == 1)
    again = rig.local.people.press(member, asked.message, offer_in(asked))
    await rig.settle(lambda: "no longer stands" in again.content)
    assert rig.service.asked[member] == 1


async def test_words_in_a_message_get_the_offer_too(rig: Rig, newcomer: str) -> None:
    """A mention for more pictures than are left is answered with the button, which makes them and goes."""
    await ask(rig, "oscar", "quota-admin set", member=rig.members[newcomer], images_per_day=2, reason="few")
    world, member = rig.local.world, rig.members[newcomer]
    asked = rig.local.people.say(member, world.channel_id, f"<@{world.backend.bot_user.id}> a cat, 4 pictures", ())
    written = world.backend.messages[world.channel_id]
    answer = await rig.settle(lambda: next((m for m in written.values() if m.id > asked.id), None))
    assert labels(answer) == ["Make 2 instead"]
    rig.local.people.press(member, answer, str(answer.components[0]["components"][0]["custom_id"]))
    await rig.settle(lambda: rig.service.asked[member] == 2)
    await rig.settle(lambda: answer.id not in written)
