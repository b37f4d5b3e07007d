"""What the local Discord adds to simcord, since the bot relies on it."""

from typing import Any

import aiohttp
import pytest

from sandbox import LocalDiscord


async def post(local: LocalDiscord, path: str, body: Any, token: str | None = None) -> tuple[int, Any]:
    headers = {"Authorization": f"Bot {token or local.token}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.post(local.api + path, json=body) as answer:
        return answer.status, await answer.json()


async def test_a_nonce_that_is_enforced_makes_one_message() -> None:
    """Posting twice with the same enforced nonce gives the same message; without enforcing, two."""
    async with LocalDiscord() as local:
        path = f"/channels/{local.world.channel_id}/messages"
        body = {"content": "once", "nonce": "abc", "enforce_nonce": True}
        (_, first), (_, second) = await post(local, path, body), await post(local, path, body)
        assert first["id"] == second["id"]
        (_, third) = await post(local, path, {"content": "once", "nonce": "abc"})
        assert third["id"] != first["id"]


async def test_another_token_is_refused() -> None:
    """A request with a wrong token is answered with 401."""
    async with LocalDiscord() as local:
        status, _ = await post(local, f"/channels/{local.world.channel_id}/messages", {"content": "x"}, "wrong")
        assert status == 401


async def test_an_interaction_must_be_acknowledged_within_three_seconds() -> None:
    """After three seconds Discord no longer knows the interaction."""
    async with LocalDiscord() as local:
        command = {"name": "late", "description": "answers late", "type": 1}
        local.world.backend.register_commands(None, [command])
        asked = local.people.slash(local.world.members["ana"], local.world.channel_id, "late", {})
        local.world.backend.advance_clock(3.1)
        path = f"/interactions/{asked.record.id}/{asked.record.token}/callback"
        status, answer = await post(local, path, {"type": 5})
        assert (status, answer["code"]) == (404, 10062)


@pytest.mark.parametrize("member", ["milo", "ana"])
async def test_only_its_member_sees_a_private_answer(member: str) -> None:
    """An ephemeral message stands among the messages of the member who asked, and of nobody else."""
    async with LocalDiscord() as local:
        local.world.backend.register_commands(None, [{"name": "whisper", "description": "whispers", "type": 1}])
        asked = local.people.slash(local.world.members["ana"], local.world.channel_id, "whisper", {})
        path = f"/interactions/{asked.record.id}/{asked.record.token}/callback"
        await post(local, path, {"type": 4, "data": {"content": "psst", "flags": 64}})
        seen = [message.content for message in local.messages(local.world.members[member])]
        assert seen == (["psst"] if member == "ana" else [])
