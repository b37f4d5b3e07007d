"""The local Discord as a program, and what it forgets."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE

import aiohttp
import pytest

from sandbox import LocalDiscord, people, world


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", *arguments, stdout=PIPE, stderr=PIPE
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_says_where_it_is_and_ends_cleanly(number: signal.Signals) -> None:
    """One line names page, api, gateway and token; a signal ends it with 0, also while a page is open."""
    process = await start("--token", "my.own.token")
    assert process.stdout
    addresses = json.loads(await process.stdout.readline())
    assert addresses["token"] == "my.own.token"  # noqa: S105
    async with aiohttp.ClientSession() as http:
        stream = await http.get(addresses["page"] + "/page/events?member=ana")
        assert (await stream.content.readline()) == b"event: world\n"
        headers = {"Authorization": "Bot my.own.token"}
        answer = await http.get(addresses["api"] + "/gateway/bot", headers=headers)
        assert (await answer.json())["url"] == addresses["gateway"]
        process.send_signal(number)
        assert await asyncio.wait_for(process.wait(), 30) == 0


async def test_it_says_why_it_cannot_start() -> None:
    """An address that is open to other machines, or a port that is taken, is refused in one line."""
    async with LocalDiscord() as local:
        port = local.page.rpartition(":")[2]
        for arguments, words in ((("--host", "0.0.0.0"), b"loopback"), (("--port", port), b"in use")):  # noqa: S104
            process = await start(*arguments)
            _, stderr = await process.communicate()
            assert process.returncode == 2
            assert words in stderr
            assert stderr.count(b"\n") == 1


async def test_the_oldest_pictures_leave_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its budget the local Discord forgets the oldest files; their addresses then lead nowhere."""
    monkeypatch.setattr(world, "CDN_BYTES", 2500)
    async with LocalDiscord() as local, aiohttp.ClientSession() as http:
        ana, channel = local.world.members["ana"], local.world.channel_id
        said = [local.people.say(ana, channel, "", [("a.bin", bytes(1000))]) for _ in range(3)]
        urls = [message.attachments[0]["url"] for message in said]
        assert [(await http.get(url)).status for url in urls] == [404, 200, 200]


async def test_interactions_are_forgotten_when_they_can_no_longer_be_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After the life of its token an interaction takes no memory."""
    monkeypatch.setattr(people, "TOKEN_SECONDS", 0.0)
    async with LocalDiscord() as local:
        local.world.backend.register_commands(None, [{"name": "ping", "description": "pings", "type": 1}])
        for _ in range(3):
            local.people.slash(local.world.members["ana"], local.world.channel_id, "ping", {})
        assert len(local.people.asked) == len(local.world.backend.interactions) == 1


async def test_an_app_may_be_installed_to_its_user() -> None:
    """Interactions say who installed the app: the server, or the member."""
    async with LocalDiscord() as local:
        local.world.backend.register_commands(None, [{"name": "ping", "description": "pings", "type": 1}])
        ana, milo = local.world.members["ana"], local.world.members["milo"]
        local.world.user_installs.add(milo)
        owners = [
            local.people.slash(who, local.world.channel_id, "ping", {}).payload["authorizing_integration_owners"]
            for who in (ana, milo)
        ]
        assert owners == [{"0": str(local.world.guild_id)}, {"1": str(milo)}]
