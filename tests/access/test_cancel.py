"""/cancel: one request at once, of several the one that is chosen in a menu."""

from sandbox.people import Asked
from tests.access.rig import Rig

from .test_quota_admin import ask, newcomer

__all__ = ["newcomer"]


async def several(rig: Rig, who: str, count: int) -> list[str]:
    """The ids of so many requests that wait."""
    world = rig.local.world
    return [(await rig.job(who, world.channel_id, world.guild_id, done=False))[0].id for _ in range(count)]


def choose(rig: Rig, who: str, asked: Asked, value: str) -> None:
    assert asked.message
    rig.local.people.press(rig.members[who], asked.message, "cancel", [value])


async def test_one_request_is_cancelled_at_once(rig: Rig, newcomer: str) -> None:
    """There is nothing to ask."""
    (job,) = await several(rig, newcomer, 1)
    assert "1 picture is cancelled" in (await ask(rig, newcomer, "cancel")).content
    assert f"{job}:0" in rig.service.cancelled


async def test_of_several_requests_the_chosen_one_is_cancelled(rig: Rig, newcomer: str) -> None:
    """The others go on waiting; then "All of them" takes the rest."""
    one, two, three = await several(rig, newcomer, 3)
    asked = await ask(rig, newcomer, "cancel")
    assert asked.message
    options = asked.message.components[0]["components"][0]["options"]
    assert [option["value"] for option in options] == ["all", one, two, three]
    choose(rig, newcomer, asked, two)
    await rig.settle(lambda: "1 picture is cancelled" in asked.content)
    assert {f"{one}:0", f"{three}:0"}.isdisjoint(rig.service.cancelled)
    again = await ask(rig, newcomer, "cancel")
    choose(rig, newcomer, again, "all")
    await rig.settle(lambda: "2 pictures are cancelled" in again.content)


async def test_nobody_cancels_another_s_request(rig: Rig, newcomer: str) -> None:
    """A made-up choice names a request that is not the member's, and nothing happens to it."""
    world = rig.local.world
    (job,) = await several(rig, newcomer, 1)
    _, message = await rig.job("ana", world.channel_id, world.guild_id)
    forged = rig.forge("otto", world.channel_id, message, "cancel", [job])
    await rig.settle(lambda: forged.record.followup_ids)
    assert f"{job}:0" not in rig.service.cancelled


async def test_a_moderator_cancels_one_of_those_that_wait(rig: Rig, newcomer: str) -> None:
    """The queue's menu has no words of the prompts; the chosen request ends and is in the audit, the others wait on."""
    one, two = await several(rig, newcomer, 2)
    shown = await ask(rig, "milo", "moderation queue")
    assert shown.message
    assert "a cat" not in shown.content + str(shown.message.components)
    rig.local.people.press(rig.members["milo"], shown.message, "queued", [one])
    await rig.settle(lambda: "is cancelled and not counted" in shown.content)
    assert f"{one}:0" in rig.service.cancelled
    assert f"{two}:0" not in rig.service.cancelled
    (entry,) = await rig.store.audit.page(rig.local.world.guild_id, None, 1)
    assert (entry.action, entry.user_id, entry.detail) == ("cancel", rig.members[newcomer], "1")
    await ask(rig, newcomer, "cancel")


async def test_a_moderator_cancels_nothing_of_another_server(rig: Rig, newcomer: str) -> None:
    """A made-up choice names a request elsewhere."""
    job, _ = await rig.job(newcomer, rig.other_channel, rig.other_guild, done=False)
    world = rig.local.world
    _, message = await rig.job("ana", world.channel_id, world.guild_id)
    forged = rig.forge("milo", world.channel_id, message, "queued", [job.id])
    await rig.settle(lambda: forged.record.followup_ids)
    assert f"{job.id}:0" not in rig.service.cancelled
