"""The local Discord as one aiohttp server: REST, gateway, attachments and page on one port of this machine."""

import asyncio
from collections.abc import Callable
from typing import Any, Self

from aiohttp import web
from simcord.backend.models import Message

from .gateway import Gateway
from .page import Page
from .people import Asked, People
from .rest import API, Call, Fault, Rest
from .world import World

LOOPBACK = "127.0.0.1"
MAX_BODY = 256 * 2**20  # bytes of a request; the upload limit is Discord's own answer, not the server's
#: has the form of a real token: the application's id in base64, a time, a signature
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAw.local0.not-a-secret"  # noqa: S105


class LocalDiscord:
    """A running local Discord; use it as an asynchronous context manager.

    Everything that a bot and people do changes ``world``; ``wait_for`` waits until it looks as expected.
    """

    def __init__(self, port: int = 0, bot_name: str = "Criar") -> None:
        self._port = port
        self._bot_name = bot_name
        self._waiting: set[asyncio.Event] = set()
        self.token = TOKEN

    async def __aenter__(self) -> Self:
        # The port must be known before the world is made, since attachments carry their address.
        app = web.Application(client_max_size=MAX_BODY)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        socket = await asyncio.get_running_loop().create_server(asyncio.Protocol, LOOPBACK, self._port)
        self._port = socket.sockets[0].getsockname()[1]
        socket.close()
        self.page = f"http://{LOOPBACK}:{self._port}"
        self.api = self.page + API
        self.gateway_address = f"ws://{LOOPBACK}:{self._port}/gateway"
        self.world = World(self.page, self._bot_name)
        self.gateway = Gateway(self.world, self.token, self.gateway_address, self._changed)
        self.rest = Rest(world=self.world, token=self.token, gateway=self.gateway_address, on_call=self._on_call)
        self.people = People(self.world, self.rest.upload_limit)
        app.router.add_route("*", API + "/{path:.*}", self.rest.handle)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/attachments/{path:.*}", self._attachment)
        Page(self).add_routes(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()
        self._pump = asyncio.create_task(self._flush_on_change())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pump.cancel()
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

    def _on_call(self, call: Call) -> None:
        parts = call.path.split("/")
        if parts[1] == "interactions" and (asked := self.people.asked.get(int(parts[2]))):
            asked.acknowledged_at = asked.acknowledged_at or call.at
        self._changed()

    def _changed(self) -> None:
        for event in self._waiting:
            event.set()

    async def _flush_on_change(self) -> None:
        changed = asyncio.Event()
        self._waiting.add(changed)
        while True:
            await changed.wait()
            changed.clear()
            await self.gateway.flush()

    async def _attachment(self, request: web.Request) -> web.Response:
        data = self.world.backend.cdn.get(f"{self.page}{request.path}")
        if data is None:
            raise web.HTTPNotFound
        headers = {"Cache-Control": "max-age=31536000, immutable"}
        return web.Response(body=data, content_type=_content_type(request.path), headers=headers)


def _content_type(path: str) -> str:
    extension = path.rpartition(".")[2].lower()
    return {"png": "image/png", "jpg": "image/jpeg", "webp": "image/webp", "gif": "image/gif"}.get(
        extension, "application/octet-stream"
    )
