"""The local Discord as one aiohttp server: REST, gateway, attachments and page on one port of this machine."""

import asyncio
import mimetypes
import socket
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Self

from aiohttp import web
from simcord.backend.models import Message
from yarl import URL

from .gateway import Gateway
from .limits import RateLimits
from .page import Page
from .people import Asked, People
from .rest import API, Call, Fault, Rest
from .world import World

MAX_BODY = 256 * 2**20  # bytes of a request; the upload limit is Discord's own answer, not the server's
#: has the form of a real token: the application's id in base64, a time, a signature
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAw.local0.not-a-secret"  # noqa: S105


class LocalDiscord:
    """A running local Discord; use it as an asynchronous context manager.

    ``api``, ``gateway_address``, ``page`` and ``token`` are what a bot and a browser need. ``people`` acts for the
    members in ``world``; what a bot does changes ``world`` too, and ``wait_for`` waits until it looks as expected.
    ``rest.calls`` is the log of the bot's requests. What can go wrong on the real Discord is made to happen by

    - ``fail(Fault(…))``: the next requests on a route are answered with 429, 500, 502, 413 or another status
    - ``rest.latency``: seconds that every answer is held back; ``rest.upload_limit``: bytes that a file may have
    - ``gateway.drop(resumable=…)``: the connection is cut, with a session that can be resumed or not
    - ``refuse_token()``: the token is valid no more
    - ``people.repeat(asked)``: an interaction is delivered a second time
    - ``world.backend.delete_message(channel_id, id)``, ``delete_channel(id)``: what the bot works on is gone
    - ``world.backend.clock.advance(seconds)``: time passes, so that tokens of interactions run out
    - ``world.user_installs``: members whose interactions come as if the app were installed to them alone

    ``rate_limits`` keeps Discord's limits on messages (see ``limits``); without it only faults are limited.
    A bot is told to connect with so many ``shards``, ``max_concurrency`` of them within five seconds. The server is on
    the last one, direct messages are on the first.
    Raises ValueError where ``host`` is not an address of this machine alone.
    """

    def __init__(
        self,
        port: int = 0,
        bot_name: str = "Criar",
        *,
        host: str = "127.0.0.1",
        token: str = TOKEN,
        rate_limits: bool = False,
        shards: int = 1,
        max_concurrency: int = 1,
    ) -> None:
        if host != "localhost" and not ip_address(host).is_loopback:
            raise ValueError(f"{host} is no loopback address; a local Discord is for this machine alone")
        self._host = host
        self._port = port
        self._bot_name = bot_name
        self._rate_limits = rate_limits
        self._shards, self._max_concurrency = shards, max_concurrency
        self._waiting: set[asyncio.Event] = set()
        self.token = token

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The port must be known before the world is made, since attachments carry their address.
        listening = socket.create_server((self._host, self._port), family=family)
        address = URL.build(scheme="http", host=self._host, port=listening.getsockname()[1])
        self.page = str(address).rstrip("/")
        self.api = self.page + API
        self.gateway_address = str(address.with_scheme("ws") / "gateway")
        self.world = World(self.page, self._bot_name, self._shards)
        self.gateway = Gateway(
            self.world, self.token, self.gateway_address, self.changed, max_concurrency=self._max_concurrency
        )
        limits = RateLimits() if self._rate_limits else None
        self.rest = Rest(
            world=self.world,
            token=self.token,
            gateway=self.gateway_address,
            on_call=self._on_call,
            limits=limits,
            shards=self._shards,
            max_concurrency=self._max_concurrency,
        )
        self.people = People(self.world, self.rest.upload_limit)
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", API + "/{path:.*}", self.rest.handle)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/attachments/{path:.*}", self._attachment)
        Page(self).add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.drop(resumable=False)
        await self._runner.cleanup()

    async def wait_for(self, look: Callable[[], Any], seconds: float = 30.0) -> Any:
        """What ``look`` returns as soon as that is true; it looks again whenever something changed.

        Raises TimeoutError after ``seconds``.
        """
        changed = asyncio.Event()
        self._waiting.add(changed)
        try:
            async with asyncio.timeout(seconds):
                while not (seen := look()):
                    await changed.wait()
                    changed.clear()
                return seen
        finally:
            self._waiting.discard(changed)

    async def connected(self, seconds: float = 60.0) -> None:
        """Wait until a bot is connected and has told its commands."""
        await self.wait_for(lambda: self.gateway.connected and self.world.backend.commands.get(None), seconds)

    async def acknowledged(self, asked: Asked, seconds: float = 3.5) -> Asked:
        """Wait until the bot acknowledged an interaction; TimeoutError where it did not in time."""
        await self.wait_for(lambda: asked.record.responded, seconds)
        return asked

    async def answered(self, asked: Asked, seconds: float = 30.0) -> Asked:
        """Wait until the bot answered an interaction with more than that it thinks."""
        await self.wait_for(lambda: not asked.loading, seconds)
        return asked

    def messages(self, user_id: int | None = None) -> list[Message]:
        """The channel's messages that a member (or the owner) sees, oldest first."""
        return self.people.messages(user_id or self.world.members["olga"], self.world.channel_id)

    def files(self, message: Message) -> list[bytes]:
        """The bytes of a message's attachments."""
        return [self.world.backend.cdn.get(attachment["url"]) or b"" for attachment in message.attachments]

    def fail(self, fault: Fault) -> None:
        """Let the next requests that match meet a fault."""
        self.rest.faults.append(fault)

    def refuse_token(self) -> None:
        """From now on the token is wrong: 401 for requests, close code 4004 at the gateway."""
        self.rest.token = self.gateway.token = ""

    def _on_call(self, call: Call) -> None:
        parts = call.path.split("/")
        if parts[1] == "interactions" and (asked := self.people.asked.get(int(parts[2]))):
            asked.acknowledged_at = asked.acknowledged_at or call.at
        self.changed()

    def changed(self) -> None:
        """Let everything that waits look again; also for who changed ``world`` in a way that makes no event."""
        for event in self._waiting:
            event.set()

    async def _attachment(self, request: web.Request) -> web.Response:
        data = self.world.backend.cdn.get(f"{self.page}{request.path}")
        if data is None:
            raise web.HTTPNotFound
        kind = mimetypes.guess_type(request.path)[0] or "application/octet-stream"
        return web.Response(body=data, content_type=kind, headers={"Cache-Control": "max-age=31536000, immutable"})
