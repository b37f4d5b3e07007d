"""The gateway: sessions over a websocket, with intents, sequence numbers, heartbeats and resuming."""

import asyncio
import json
import secrets
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import discord
from aiohttp import WSMsgType, web
from simcord.backend import serializers
from simcord.gateway import FakeGateway

from .world import World

HEARTBEAT = 20_000  # milliseconds
ACK_DELAY = 0.02  # seconds
REPLAY = 2000  # events of a session that are kept for resuming

DISPATCH, HEARTBEAT_OP, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 9, 10, 11
AUTHENTICATION_FAILED, UNKNOWN_ERROR = 4004, 4000


class _Parsers(dict[str, Callable[[Any], None]]):
    """Stands where discord.py's parsers would: simcord's gateway hands each event that passes the intents to one."""

    def __init__(self, send: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._send = send

    def __missing__(self, event: str) -> Callable[[Any], None]:
        return lambda payload: self._send(event, payload)


class Session:
    """What a bot identified for; outlives its connection, so that it can be resumed."""

    def __init__(self, world: World, intents: int) -> None:
        self.id = secrets.token_hex(8)
        self.socket: web.WebSocketResponse | None = None
        self.intents = discord.Intents._from_value(intents)
        self.parsers = _Parsers(self.push)
        self.gateway = FakeGateway(world.backend, self)
        self._number = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=REPLAY)
        self._outbox: deque[str] = deque()
        self._sending = asyncio.Lock()

    def push(self, event: str, payload: Any) -> None:
        """Number the event, keep it for resuming, and queue it for the connection."""
        self._number += 1
        text = json.dumps({"op": DISPATCH, "t": event, "s": self._number, "d": payload}, default=str)
        self._sent.append((self._number, text))
        self._outbox.append(text)

    def replay_from(self, number: int) -> None:
        """Queue again what came after ``number``."""
        self._outbox = deque(text for sent, text in self._sent if sent > number)

    async def flush(self) -> None:
        """Send what is queued, while there is a connection; what a closing one refuses stays for the next."""
        async with self._sending:
            with suppress(ConnectionResetError):
                while self._outbox and self.socket and not self.socket.closed:
                    await self.socket.send_str(self._outbox[0])
                    self._outbox.popleft()


class Gateway:
    """All sessions."""

    def __init__(self, world: World, token: str, address: str, changed: Callable[[], None]) -> None:
        self._world = world
        self._token = token
        self._address = address
        self._changed = changed
        self.sessions: dict[str, Session] = {}
        world.backend.subscribers.append(self._on_event)

    @property
    def connected(self) -> bool:
        """Whether a bot is connected and identified."""
        return any(session.socket is not None for session in self.sessions.values())

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """One connection."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT}})
        try:
            # A connection that closes while it is written to has ended like any other.
            with suppress(ConnectionResetError):
                await self._listen(socket)
        finally:
            for session in self.sessions.values():
                if session.socket is socket:
                    session.socket = None
            self._changed()
        return socket

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            data = message.json()
            if data["op"] == HEARTBEAT_OP:
                # discord.py notes the time of a heartbeat after sending it; an answer that is faster than that makes
                # it believe that it is a whole interval behind.
                await asyncio.sleep(ACK_DELAY)
                await socket.send_json({"op": ACK})
            elif data["op"] in (IDENTIFY, RESUME):
                await self._begin(socket, data)

    async def drop(self, *, resumable: bool) -> None:
        """Cut the connections; sessions that are not resumable are forgotten."""
        sockets = [session.socket for session in self.sessions.values() if session.socket]
        if not resumable:
            self.sessions.clear()
        for socket in sockets:
            await socket.close(code=UNKNOWN_ERROR)

    async def flush(self) -> None:
        """Send what is queued everywhere."""
        for session in list(self.sessions.values()):
            await session.flush()

    async def _begin(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> None:
        body = data["d"]
        if body["token"] != self._token:
            await socket.close(code=AUTHENTICATION_FAILED)
            return
        if data["op"] == RESUME:
            session = self.sessions.get(body["session_id"])
            if session is None:
                await socket.send_json({"op": INVALID_SESSION, "d": False})
                return
            session.replay_from(body["seq"])
            session.socket = socket
            session.push("RESUMED", {})
        else:
            session = Session(self._world, body["intents"])
            self.sessions[session.id] = session
            session.socket = socket
            self._greet(session)
        await session.flush()
        self._changed()

    def _greet(self, session: Session) -> None:
        backend = self._world.backend
        session.push(
            "READY",
            {
                "v": 10,
                "user": dict(serializers.user_payload(backend.bot_user)),
                "guilds": [{"id": str(guild), "unavailable": True} for guild in backend.guilds],
                "session_id": session.id,
                "resume_gateway_url": self._address,
                "application": {"id": str(backend.application_id), "flags": 0},
            },
        )
        for guild in backend.guilds.values():
            session.gateway.feed("GUILD_CREATE", serializers.guild_create_payload(backend, guild))

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        for session in self.sessions.values():
            session.gateway.feed(event, payload)
        self._changed()
