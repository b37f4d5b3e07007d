"""The bot's figures, as Prometheus reads them, and what its log says of a picture."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sandbox import LocalDiscord

from .bot import SETTINGS, Bot, running

#: a worker may take minutes to start on a machine that is busy
pytestmark = pytest.mark.timeout(500)

PROMPT = "a red apple with a secret word zanzibar"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.fixture(scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[LocalDiscord, Bot, str]]:
    """A bot that serves its figures and logs JSON, after it made and delivered a picture."""
    address = f"127.0.0.1:{free_port()}"
    settings = f'{SETTINGS}[metrics]\naddress = "{address}"\n[log]\nformat = "json"\n[rules]\nwords = ["zebra"]\n'
    async with running(tmp_path_factory.mktemp("bot"), settings) as (local, bot):
        world = local.world
        for prompt in (PROMPT, "a zebra zanzibar"):
            local.people.slash(world.members["ana"], world.channel_id, "txt2img", {"prompt": prompt, "count": 1})
        async with aiohttp.ClientSession() as session, asyncio.timeout(400):
            while "criar_delivery_seconds_count 1.0" not in await read(session, address, "metrics"):  # noqa: ASYNC110 - of another process
                await asyncio.sleep(0.5)
        yield local, bot, address


async def read(session: aiohttp.ClientSession, address: str, path: str) -> str:
    async with session.get(f"http://{address}/{path}") as answer:
        return await answer.text()


@pytest.mark.slow
async def test_what_was_made_can_be_scraped(served: tuple[LocalDiscord, Bot, str]) -> None:
    """Accepted, made and delivered are counted and timed, refusals have their reason, and no label names a member."""
    local, _, address = served
    async with aiohttp.ClientSession() as session:
        text = await read(session, address, "metrics")
        assert await read(session, address, "healthz") == "ok"
        assert await read(session, address, "readyz") == "ok"
    samples = [each for family in text_string_to_metric_families(text) for each in family.samples]
    values = {each.name: each.value for each in samples}
    assert values["criar_images_accepted_total"] == 1
    assert values["criar_quota_images_total"] == 1
    assert values["criar_pictures_total"] == 1
    assert values["criar_steps_total"] >= 1
    assert values["criar_forward_rows_total"] >= values["criar_forward_passes_total"] >= 1
    assert values["criar_waiting_seconds_count"] == 1
    assert values["criar_making_seconds_count"] == 1
    assert values["criar_discord_connected"] == 1
    assert values["criar_outbox_jobs"] == 0
    assert any(each.name == "criar_refusals_total" for each in samples)
    assert any(each.labels == {"status": "200"} for each in samples if each.name == "criar_discord_answers_total")
    for name, user in local.world.members.items():
        assert str(user) not in text
        assert not any(name in each.labels.values() for each in samples)


@pytest.mark.slow
async def test_the_log_tells_of_each_picture_and_never_a_prompt(served: tuple[LocalDiscord, Bot, str]) -> None:
    """Findings 8 and 9: accepted, made and delivered have a JSON line with the job's id; prompts have none."""
    _, bot, _ = served
    text = bot.log.read_text()
    assert "zanzibar" not in text
    lines = [json.loads(line) for line in text.splitlines()]
    jobs = [line for line in lines if "job" in line]
    assert len({line["job"] for line in jobs}) == 1
    said = " ".join(line["message"] for line in jobs)
    for word in ("is accepted", "is made", "is delivered"):
        assert word in said
    assert any("seconds" in line for line in jobs)


@pytest.mark.slow
async def test_an_outage_at_start_is_waited_for(tmp_path: Path) -> None:
    """Finding 6: with Discord away the bot says so in one line, tries again, and connects when it is back."""
    async with LocalDiscord() as local:
        bot = Bot(local, tmp_path)
        real = local.api
        port = free_port()
        bot.settings = ""
        bot.config.write_text(
            f'[discord]\napi = "http://127.0.0.1:{port}/api/v10"\n[storage]\nfolder = "{tmp_path / "data"}"\n'
        )
        assert real != bot.config.read_text()
        with bot.log.open("ab") as log:
            process = await bot.launch(log)
        try:
            async with asyncio.timeout(60):
                while "Discord cannot be reached" not in bot.log.read_text():  # noqa: ASYNC110 - of another process
                    await asyncio.sleep(0.3)
                forwarder = await forward(port, real)
                while "connected as" not in bot.log.read_text():  # noqa: ASYNC110 - of another process
                    await asyncio.sleep(0.3)
        finally:
            process.terminate()
            await process.wait()
        forwarder.close()
    text = bot.log.read_text()
    assert "trying again in" in text
    assert "Traceback" not in text


async def forward(port: int, api: str) -> asyncio.Server:
    """What comes to the port goes on to the local Discord."""
    host, _, target = api.removeprefix("http://").split("/")[0].rpartition(":")

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(host, int(target))
        await asyncio.gather(pipe(reader, back), pipe(there, writer), return_exceptions=True)

    return await asyncio.start_server(carry, "127.0.0.1", port)
