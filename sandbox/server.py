"""The local Discord as one aiohttp server: REST, gateway, attachments and page on one port of this machine."""

import mimetypes
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any, Self

from aiohttp import web
from simcord.backend.models import Message
from yarl import URL

from .gateway import Gateway
from .limits import RateLimits
from .page import Page
from .people import Asked, People
from .rest import API, Call, Fault, Hold, Rest
from .waiting import Changes
from .world import World

MAX_BODY = 256 * 2**20  # bytes of a request; the upload limit is Discord's own answer, not the server's
#: in the form of a real token: the application's id in base64, a time, a signature
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAw.local0.not-a-secret"  # noqa: S105


class LocalDiscord:
    """A running local Discord; an asynchronous context manager.

    ``api``, ``gateway_address``, ``page`` and ``token`` are what a bot and a browser need. ``people`` acts for the
    members in ``world``; what a bot does changes ``world`` too, and ``wait_for`` waits until it looks as expected.
    ``rest.calls`` is the log of the bot's requests. Tests provoke what goes wrong on the real Discord with

    - ``fail(Fault(…))``: the next requests on a route are answered with 429, 500, 502, 413 or another status
    - ``rest.latency``: seconds before every answer; ``rest.upload_limit``: bytes that a file may have
    - ``hold(method, path)``: requests on a route are carried out, but not answered while the block runs
    - ``gateway.drop(resumable=…)``: the connection is cut, with a session that can be resumed or not
    - ``refuse_token()``: the token is no longer valid
    - ``people.repeat(asked)``: an interaction is delivered a second time
    - ``world.backend.delete_message(channel_id, id)``, ``delete_channel(id)``: what the bot works with is gone
    - ``world.backend.clock.advance(seconds)``: time passes, so that interaction tokens expire
    - ``world.backend.create_auto_mod_rule(…)``, ``set_overwrite(…)``, ``people.close_thread(…)``: the bot may not post
    - ``world.user_installs``: members whose interactions look as if the app were installed to them, not to the server

    ``rate_limits`` applies Discord's limits on messages (see ``limits``); without it only faults are limited.
    A bot is told to connect with so many ``shards``, ``max_concurrency`` of them within five seconds. The server is on
    the last one, direct messages are on the first.
    Raises ValueError if ``host`` is not a loopback address.
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
            raise ValueError(f"{host} is not a loopback address; a local Discord is only for this machine")
        self._host = host
        self._port = port
        self._bot_name = bot_name
        self._rate_limits = rate_limits
        self._shards, self._max_concurrency = shards, max_concurrency
        self._changes = Changes()
        self.token = token

    async def __aenter__(self) -> Self:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # The port must be known before the world is created, since attachments carry their address.
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
        Page(self.world, self.people, self.gateway, self._changes).add_routes(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.gateway.drop(resumable=False)
        await self._runner.cleanup()

    async def wait_for(self, look: Callable[[], Any], seconds: float = 30.0) -> Any:
        """Call ``look`` whenever something changed, until it returns something true; return that.

        Raises TimeoutError after ``seconds``.
        """
        return await self._changes.wait_for(look, seconds)

    async def connected(self, seconds: float = 60.0) -> None:
        """Wait until a bot is connected and has registered its commands. Raises TimeoutError after ``seconds``."""
        await self.wait_for(lambda: self.gateway.connected and self.world.backend.commands.get(None), seconds)

    async def acknowledged(self, asked: Asked, seconds: float = 3.5) -> Asked:
        """Wait until the bot acknowledged an interaction. Raises TimeoutError if it did not in time."""
        await self.wait_for(lambda: asked.record.responded, seconds)
        return asked

    async def answered(self, asked: Asked, seconds: float = 30.0) -> Asked:
        """Wait until the bot answered an interaction with more than that it is thinking. Raises TimeoutError."""
        await self.wait_for(lambda: not asked.loading, seconds)
        return asked

    def messages(self, user_id: int | None = None) -> list[Message]:
        """List the channel's messages that a member (the owner if None) sees, oldest first."""
        return self.people.messages(user_id or self.world.members["olga"], self.world.channel_id)

    def files(self, message: Message) -> list[bytes]:
        """The bytes of a message's attachments."""
        return [self.world.backend.cdn.get(attachment["url"]) or b"" for attachment in message.attachments]

    def fail(self, fault: Fault) -> None:
        """Answer the next requests that match with a fault."""
        self.rest.faults.append(fault)

    @contextmanager
    def hold(self, method: str, path: str) -> Iterator[None]:
        """Requests that match are carried out meanwhile, and answered when the block ends."""
        hold = Hold(method=method, path=path)
        self.rest.holds.append(hold)
        try:
            yield
        finally:
            self.rest.holds.remove(hold)
            hold.released.set()

    def refuse_token(self) -> None:
        """Refuse the token from now on: 401 for requests, close code 4004 at the gateway."""
        self.rest.token = self.gateway.token = ""

    def _on_call(self, call: Call) -> None:
        parts = call.path.split("/")
        if parts[1] == "interactions" and (asked := self.people.asked.get(int(parts[2]))):
            asked.acknowledged_at = asked.acknowledged_at or call.at
        self.changed()

    def changed(self) -> None:
        """Let everything that waits look again; also for callers who change ``world`` in a way that makes no event."""
        self._changes.announce()

    async def _attachment(self, request: web.Request) -> web.Response:
        data = self.world.backend.cdn.get(f"{self.page}{request.path}")
        if data is None:
            raise web.HTTPNotFound
        kind = mimetypes.guess_type(request.path)[0] or "application/octet-stream"
        return web.Response(body=data, content_type=kind, headers={"Cache-Control": "max-age=31536000, immutable"})
