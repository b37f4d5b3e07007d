"""What goes wrong on the real Discord goes wrong here in the same way."""

import asyncio
from collections.abc import Callable

import aiohttp
import pytest

from sandbox import Asked, Fault, LocalDiscord

from .echo import echo_bot

Slash = Callable[..., Asked]


def said(local: LocalDiscord, words: str) -> list[str]:
    return [message.content for message in local.messages() if words in message.content]


async def test_a_late_acknowledgement_is_refused(local: LocalDiscord, slash: Slash) -> None:
    """After 3 seconds of real time the first answer is met with 10062, and nothing is shown."""
    asked = slash("fail", how="late")
    await local.wait_for(lambda: said(local, "late: 10062"))
    assert not asked.record.responded


async def test_answers_end_with_the_interactions_token(local: LocalDiscord, slash: Slash) -> None:
    """Fifteen minutes after the command its answer can no longer be edited."""
    asked = await local.answered(slash("echo", text="soon old"))
    local.world.backend.clock.advance(15 * 60)
    path = f"/webhooks/{asked.payload['application_id']}/{asked.record.token}/messages/@original"
    async with aiohttp.ClientSession() as http, http.patch(local.api + path, json={"content": "x"}) as response:
        assert (response.status, (await response.json())["code"]) == (404, 10015)


@pytest.mark.parametrize("resumable", [True, False])
@pytest.mark.slow
async def test_a_dropped_gateway_comes_back(local: LocalDiscord, slash: Slash, resumable: bool) -> None:
    """After a drop the bot resumes with what it missed, or identifies again; either way it goes on."""
    sessions = set(local.gateway.sessions)
    missed = slash("echo", text=f"before the drop {resumable}")
    await local.gateway.drop(resumable=resumable)
    if resumable:
        missed = slash("echo", text="while it was gone")
    await local.wait_for(lambda: local.gateway.connected)
    assert (set(local.gateway.sessions) == sessions) is resumable
    await local.answered(slash("echo", text="after the drop"))
    if resumable:
        assert (await local.answered(missed)).content == "while it was gone [en-US]"


@pytest.mark.parametrize(("status", "times"), [(429, 1), (500, 2), (502, 1)])
@pytest.mark.slow
async def test_refused_requests_are_tried_again(local: LocalDiscord, slash: Slash, status: int, times: int) -> None:
    """A 429 is waited for as long as it says, and errors of the server are outlasted; the log shows each try."""
    seen = len(local.rest.calls)
    local.fail(Fault(method="PATCH", path="/webhooks/*", status=status, times=times, retry_after=0.3))
    asked = slash("paint", colour="red")
    await local.wait_for(lambda: asked.content == "done")
    edits = [call for call in list(local.rest.calls)[seen:] if call.method == "PATCH"]
    assert [call.status for call in edits] == [status] * times + [200] * 4
    if status == 429:
        assert edits[1].at - edits[0].ended >= 0.3


async def test_a_file_over_the_limit_is_refused(local: LocalDiscord, slash: Slash) -> None:
    """12 MB are over the limit of 10 MiB: 413 with code 40005; interactions say the limit."""
    asked = slash("fail", how="large")
    await local.wait_for(lambda: asked.content == "large: 413 40005")
    assert asked.payload["attachment_size_limit"] == 10 * 2**20


async def test_a_nonce_is_enforced(local: LocalDiscord, slash: Slash) -> None:
    """The second message with the same nonce is the first one."""
    asked = slash("fail", how="nonce")
    await local.answered(asked)
    assert asked.content == "nonce: True, with a nonce, 0"
    assert said(local, "with a nonce, ") == ["with a nonce, 0"]


async def test_an_interaction_can_be_delivered_twice(local: LocalDiscord, slash: Slash) -> None:
    """The bot gets the same interaction again; its second acknowledgement is refused with 40060."""
    asked = slash("fail", how="twice")
    await local.wait_for(lambda: said(local, "each delivery"))
    local.people.repeat(asked)
    callbacks = f"/interactions/{asked.record.id}/"
    statuses = await local.wait_for(
        lambda: (
            len(found := [call.status for call in local.rest.calls if call.path.startswith(callbacks)]) == 2 and found
        )
    )
    assert statuses == [200, 400]
    assert len(said(local, "each delivery")) == 1


async def test_latency_is_added_and_not_counted_as_the_servers_own_time(local: LocalDiscord, slash: Slash) -> None:
    """With a latency of 0.2 s every answer takes that long, while the server's own time stays small."""
    local.rest.latency = 0.2
    try:
        asked = slash("echo", text="slow line")
        path = f"/interactions/{asked.record.id}/"
        (call,) = await local.wait_for(lambda: [call for call in local.rest.calls if call.path.startswith(path)])
    finally:
        local.rest.latency = 0.0
    assert call.ended - call.at >= 0.2
    assert call.seconds < 0.1
    assert call.content_type == "application/json"


async def test_a_refused_token_ends_the_bot() -> None:
    """A bot whose token is refused cannot log in and ends by itself."""
    async with LocalDiscord() as local:
        local.refuse_token()
        async with echo_bot(local) as process:
            assert await asyncio.wait_for(process.wait(), 30) != 0


async def test_rate_limits_are_kept_where_they_are_wanted() -> None:
    """Of ten messages at once, five are accepted, five are told to wait; the headers say what is left."""
    async with LocalDiscord(rate_limits=True) as local, aiohttp.ClientSession() as http:
        url = f"{local.api}/channels/{local.world.channel_id}/messages"
        headers = {"Authorization": f"Bot {local.token}"}
        answers = [await http.post(url, json={"content": str(n)}, headers=headers) for n in range(10)]
        assert [answer.status for answer in answers] == [200] * 5 + [429] * 5
        assert [answer.headers["X-RateLimit-Remaining"] for answer in answers[:5]] == list("43210")
        assert 4 < (await answers[-1].json())["retry_after"] <= 5


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.1", "::"])  # noqa: S104
def test_only_loopback_addresses_are_accepted(host: str) -> None:
    """A local Discord is never open to other machines."""
    with pytest.raises(ValueError, match="loopback"):
        LocalDiscord(host=host)
