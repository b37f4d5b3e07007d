"""Several shards: each gets what falls to it, and one that is dropped comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import aiohttp
import pytest
import pytest_asyncio

from sandbox import LocalDiscord
from sandbox.gateway import IDENTIFY, INVALID_SESSION

from .echo import echo_bot

SHARDS = 3


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sharded() -> AsyncIterator[LocalDiscord]:
    """A local Discord that asks for three shards, with the echo bot connected."""
    async with LocalDiscord(bot_name="Echo", shards=SHARDS, max_concurrency=SHARDS) as local, echo_bot(local):
        await local.connected()
        yield local


def sessions(local: LocalDiscord) -> dict[int, str]:
    """Ids of the sessions by their shards' numbers."""
    return {session.shard[0]: session.id for session in local.gateway.sessions.values()}


@pytest.mark.slow
async def test_each_shard_gets_its_servers_and_the_first_one_direct_messages(sharded: LocalDiscord) -> None:
    """A command of the server comes by the last shard, one in a direct message by the first, each to no other."""
    ana = sharded.world.members["ana"]
    sent: dict[int, list[str]] = {number: [] for number in range(SHARDS)}
    for session in sharded.gateway.sessions.values():
        session.parsers = cast("Any", _Recording(session.parsers, sent[session.shard[0]]))
    in_server = sharded.people.slash(ana, sharded.world.channel_id, "echo", {"text": "server"})
    assert (await sharded.answered(in_server)).content.startswith("server")
    direct = sharded.world.backend.get_dm_channel(ana).id
    in_private = sharded.people.slash(ana, direct, "echo", {"text": "private"})
    assert (await sharded.answered(in_private)).content.startswith("private")
    commands = {number: events.count("INTERACTION_CREATE") for number, events in sent.items()}
    assert commands == {0: 1, 1: 0, 2: 1}


class _Recording(dict[str, Any]):
    """Notes which events pass."""

    def __init__(self, inner: Any, seen: list[str]) -> None:
        super().__init__()
        self._inner, self._seen = inner, seen

    def __missing__(self, event: str) -> Any:
        self._seen.append(event)
        return self._inner[event]


@pytest.mark.slow
async def test_a_dropped_shard_resumes_alone(sharded: LocalDiscord) -> None:
    """The server's shard loses its connection and resumes its session with what it missed; the others stay."""
    ana, before = sharded.world.members["ana"], sessions(sharded)
    sockets = {session.shard[0]: session.socket for session in sharded.gateway.sessions.values()}
    await sharded.gateway.drop(resumable=True, shard=SHARDS - 1)
    missed = sharded.people.slash(ana, sharded.world.channel_id, "echo", {"text": "meanwhile"})
    assert (await sharded.answered(missed)).content.startswith("meanwhile")
    await sharded.wait_for(lambda: sharded.gateway.connected)
    assert sessions(sharded) == before
    after = {session.shard[0]: session.socket for session in sharded.gateway.sessions.values()}
    assert {number for number in range(SHARDS) if after[number] is not sockets[number]} == {SHARDS - 1}


async def test_shards_that_begin_too_fast_are_refused() -> None:
    """With a max_concurrency of 1, the second session within five seconds is invalid; with 2 it is not."""
    for allowed in (1, 2):
        async with LocalDiscord(shards=3, max_concurrency=allowed) as local, aiohttp.ClientSession() as http:
            answers = [await _identify(http, local, number) for number in (1, 2)]
            assert [answer["op"] == INVALID_SESSION for answer in answers] == [False, allowed == 1]


async def _identify(http: aiohttp.ClientSession, local: LocalDiscord, number: int) -> Any:
    """The answer to a shard that identifies."""
    async with http.ws_connect(local.gateway_address) as socket:
        await socket.receive_json()
        await socket.send_json({"op": IDENTIFY, "d": {"token": local.token, "intents": 0, "shard": [number, 3]}})
        return await asyncio.wait_for(socket.receive_json(), 30)
