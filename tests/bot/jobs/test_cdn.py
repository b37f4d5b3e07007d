"""Pictures are fetched from Discord alone."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from bot.errors import Refusal
from bot.jobs.cdn import Cdn
from generation import PictureError


def attachment(url: str, size: int = 10) -> Any:
    return SimpleNamespace(id=1, url=url, size=size)


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """A server of this machine: a file, a redirect, a file without end, and one that never comes."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(2**20))

    async def redirect(_: web.Request) -> web.Response:
        raise web.HTTPFound("/file")

    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(60)
        return web.Response()

    app = web.Application()
    app.router.add_get("/file", _answer)
    app.router.add_get("/endless", endless)
    app.router.add_get("/redirect", redirect)
    app.router.add_get("/never", never)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def _answer(_: web.Request) -> web.Response:
    return web.Response(body=b"bytes")


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://evil.example/cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "https://user@cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://127.0.0.1/a.png",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "/a.png",
        "",
    ],
)
async def test_other_addresses_are_never_asked(url: str) -> None:
    """Only Discord's two hosts, over TLS, on the usual port, are asked; the refusal says what to do."""
    with pytest.raises(Refusal, match="only fetch pictures from Discord; attach the picture itself"):
        await Cdn().fetch(attachment(url))


async def test_a_local_discord_is_the_only_exception(server: str) -> None:
    """With the address of a local Discord its files are fetched, and nobody else's, Discord's own included."""
    cdn = Cdn(f"{server}/api/v10")
    assert await cdn.fetch(attachment(f"{server}/file")) == b"bytes"
    port = int(server.rpartition(":")[2])
    for url in (
        "https://cdn.discordapp.com/a.png",
        f"http://127.0.0.1:{port + 1}/file",
        f"http://localhost:{port}/file",
    ):
        with pytest.raises(Refusal, match="only fetch pictures from Discord"):
            await cdn.fetch(attachment(url))


async def test_no_redirect_is_followed(server: str) -> None:
    """An answer that leads elsewhere is no answer."""
    with pytest.raises(Refusal, match="did not give me"):
        await Cdn(server).fetch(attachment(f"{server}/redirect"))


async def test_a_file_that_says_it_is_small_is_cut_off_where_it_is_not(server: str) -> None:
    """What goes on after the limit is not read on, whatever size was announced; an announced one is not even asked."""
    with pytest.raises(PictureError, match="more than 25 MB"):
        await Cdn(server).fetch(attachment(f"{server}/endless"))
    with pytest.raises(PictureError, match="more than 25 MB"):
        await Cdn(server).fetch(attachment("https://nowhere.invalid/", size=26 * 2**20))


async def test_a_file_that_does_not_come_is_given_up(server: str) -> None:
    """After its time a fetch ends with a sentence."""
    with pytest.raises(Refusal, match="did not give me"):
        await Cdn(server, seconds=0.2).fetch(attachment(f"{server}/never"))
