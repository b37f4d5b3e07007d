"""Where delivery goes another way: it is said where and why, and no Cancel is left behind."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from simcord.backend.models import Message

from sandbox import Fault
from sandbox.people import Asked

from .rig import Rig

REASONS = {
    200000: "this server's AutoMod does not let it pass",
    50001: "I may not see this channel",
    50013: "I may not post pictures here",
    50083: "this thread is archived or locked",
}


@contextmanager
def refusing(rig: Rig, *faults: Fault) -> Iterator[None]:
    """Each fault as long as this lasts."""
    rig.local.rest.faults.extend(faults)
    try:
        yield
    finally:
        for fault in faults:
            if fault in rig.local.rest.faults:
                rig.local.rest.faults.remove(fault)


def fault(method: str, path: str, code: int) -> Fault:
    return Fault(method=method, path=path, status=400 if code >= 200000 else 403, code=code, times=99)


def direct(rig: Rig, who: str) -> int:
    return rig.local.world.backend.get_dm_channel(rig.members[who]).id


def written(rig: Rig, channel: int, after: int) -> list[Message]:
    messages = rig.local.world.backend.messages.get(channel, {}).values()
    return [each for each in messages if each.id > after and not each.is_ephemeral]


def newest(rig: Rig, channel: int) -> int:
    return max(rig.local.world.backend.messages.get(channel, {}), default=0)


def ask(rig: Rig, prompt: str) -> Asked:
    return rig.slash(rig.members["otto"], rig.local.world.channel_id, "txt2img", {"prompt": prompt})


@pytest.mark.parametrize("code", [50013, 50001, 50083, 200000])
async def test_pictures_that_a_channel_refuses_go_directly_and_it_is_said_where_and_why(rig: Rig, code: int) -> None:
    """Bot 6 and 8: the private answer names the reason with a link, the direct message the server and the reason."""
    channel, inbox = rig.local.world.channel_id, direct(rig, "otto")
    before, told = newest(rig, channel), newest(rig, inbox)
    rig.service.makes = False
    try:
        asked = ask(rig, "a refused boat")
        (announced,) = await rig.settle(lambda: written(rig, channel, before))
        # An archived thread may be written into, which undoes it, but here it is locked.
        refused = [fault("PATCH", f"/channels/{channel}/messages/{announced.id}", code)]
        refused += [fault("POST", f"/channels/{channel}/messages", code)] if code == 50083 else []
        with refusing(rig, *refused):
            rig.service.finish(rig.service.pictures[-1])
            await rig.settle(lambda: written(rig, inbox, told))
            await rig.settle(lambda: "directly" in asked.content)
    finally:
        rig.service.makes = True
    (sent,) = written(rig, inbox, told)
    assert sent.attachments
    assert f"Studio: {REASONS[code]}" in sent.content
    assert f"I could not post it here ({REASONS[code]}), so I sent it to you directly" in asked.content
    assert f"/{inbox}/{sent.id}" in asked.content


async def test_an_announcement_whose_pictures_went_elsewhere_is_settled(rig: Rig) -> None:
    """Bot 6: neither “on its way” nor Cancel stays, where the right to attach files alone is gone."""
    channel = rig.local.world.channel_id
    before, told = newest(rig, channel), newest(rig, direct(rig, "otto"))
    rig.service.makes = False
    try:
        ask(rig, "a settled boat")
        (announced,) = await rig.settle(lambda: written(rig, channel, before))
        once = fault("PATCH", f"/channels/{channel}/messages/{announced.id}", 50013)
        once.times = 1
        with refusing(rig, once):
            rig.service.finish(rig.service.pictures[-1])
            await rig.settle(lambda: written(rig, direct(rig, "otto"), told))
            shown = rig.local.world.backend.messages[channel]
            await rig.settle(lambda: "sent directly" in shown[announced.id].content)
        assert not shown[announced.id].components
    finally:
        rig.service.makes = True


async def test_with_direct_messages_closed_too_the_private_answer_shows_the_pictures(rig: Rig) -> None:
    """Bot 7: a living token is used before giving up, and the job counts as delivered."""
    channel, inbox = rig.local.world.channel_id, direct(rig, "otto")
    with refusing(
        rig,
        fault("POST", f"/channels/{channel}/messages", 50001),
        fault("POST", f"/channels/{inbox}/messages", 50007),
    ):
        asked = ask(rig, "a private boat")
        await rig.settle(lambda: asked.message and asked.message.attachments and "I could not post" in asked.content)
    assert REASONS[50001] in asked.content
    job = await rig.store.jobs.of_picture(rig.service.pictures[-1].id)
    await rig.settle(lambda: True)
    assert job.complete
    queue = rig.slash(rig.members["otto"], channel, "queue", {})
    await rig.settle(lambda: not queue.loading and queue.content)
    assert "waits until" not in queue.content
