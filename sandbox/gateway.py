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
from simcord.backend.access import channel_accessible
from simcord.gateway import FakeGateway

from .world import World

HEARTBEAT = 20_000  # milliseconds
ACK_DELAY = 0.02  # seconds
HEARTBEATS_KEPT = 1000
#: within which max_concurrency sessions may begin. discord.py asks for one every five seconds and does not hurry its
#: first; a test that starts a bot again does not wait for what an earlier one began
IDENTIFY_SECONDS = 4.9
REPLAY = 2000  # events of a session that are kept for resuming

DISPATCH, HEARTBEAT_OP, IDENTIFY, RESUME, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 9, 10, 11
AUTHENTICATION_FAILED, UNKNOWN_ERROR = 4004, 4000
ENDED = (1000, 1001)  # close codes of a bot that will not resume


class _Parsers(dict[str, Callable[[Any], None]]):
    """Stand in for discord.py's parsers: simcord's gateway hands them each event that passes the intents."""

    def __init__(self, send: Callable[[str, Any], None]) -> None:
        super().__init__()
        self._send = send

    def __missing__(self, event: str) -> Callable[[Any], None]:
        return lambda payload: self._send(event, payload)


class Session:
    """A bot's session, which outlives its connection so that it can be resumed."""

    def __init__(self, world: World, intents: int, shard: tuple[int, int] = (0, 1)) -> None:
        """``shard`` is its number and how many there are; it gets the events of the servers that fall to it."""
        self.id = secrets.token_hex(8)
        self.shard = shard
        self._backend = world.backend
        self.socket: web.WebSocketResponse | None = None
        self.intents = discord.Intents._from_value(intents)
        self.parsers = _Parsers(self.push)
        self.gateway = FakeGateway(world.backend, self)
        self._number = 0
        self._sent: deque[tuple[int, str]] = deque(maxlen=REPLAY)
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._sender: asyncio.Task[None] | None = None

    def push(self, event: str, payload: Any) -> None:
        """Number the event, keep it for resuming, and send it if the bot is connected."""
        self._number += 1
        data = self._backend.completed(payload)
        text = json.dumps({"op": DISPATCH, "t": event, "s": self._number, "d": data}, default=str)
        self._sent.append((self._number, text))
        if self.socket:
            self._outbox.put_nowait(text)

    def gets(self, event: str, payload: Mapping[str, Any]) -> bool:
        """Whether an event falls to its shard; what belongs to no server falls to the first."""
        guild_id = payload.get("id" if event.startswith("GUILD_") and "guild_id" not in payload else "guild_id")
        return self.has(int(guild_id or 0)) and not (event.startswith("MESSAGE_") and self._is_hidden(payload))

    def _is_hidden(self, payload: Mapping[str, Any]) -> bool:
        """Whether the bot does not see the channel in which this happened, such as a private thread without it."""
        return not channel_accessible(self._backend, int(payload["channel_id"]), self._backend.bot_user.id)

    def has(self, guild_id: int) -> bool:
        """Whether a server falls to its shard."""
        number, shards = self.shard
        return (guild_id >> 22) % shards == number

    def remembers(self, number: int) -> bool:
        """Whether everything after event ``number`` can still be sent again."""
        return not self._sent or self._sent[0][0] <= number + 1

    def attach(self, socket: web.WebSocketResponse, after: int) -> None:
        """Send over this connection from now on, beginning with the event after number ``after``."""
        self.detach()
        self.socket = socket
        self._outbox = asyncio.Queue()
        for number, text in self._sent:
            if number > after:
                self._outbox.put_nowait(text)
        self._sender = asyncio.create_task(self._send(socket, self._outbox))

    def detach(self) -> None:
        """Keep events for a resume: the connection is gone."""
        self.socket = None
        if self._sender:
            self._sender.cancel()

    @staticmethod
    async def _send(socket: web.WebSocketResponse, outbox: asyncio.Queue[str]) -> None:
        # Events that a closing connection refuses are sent again when the session is resumed.
        with suppress(ConnectionResetError):
            while not socket.closed:
                await socket.send_str(await outbox.get())


class Gateway:
    """The websocket endpoint with all sessions."""

    def __init__(
        self, world: World, token: str, address: str, changed: Callable[[], None], max_concurrency: int = 1
    ) -> None:
        self._world = world
        self._address = address
        self._changed = changed
        self.token = token
        #: sessions that may begin within IDENTIFY_SECONDS
        self.max_concurrency = max_concurrency
        #: when the last session of each shard's number, modulo that, began
        self._identified: dict[int, float] = {}
        self.sessions: dict[str, Session] = {}
        #: milliseconds between heartbeats, for bots that connect from now on
        self.interval = HEARTBEAT
        #: times of received heartbeats, in seconds of the loop's clock
        self.heartbeats: deque[float] = deque(maxlen=HEARTBEATS_KEPT)
        world.backend.subscribers.append(self._on_event)

    @property
    def connected(self) -> bool:
        """Whether a bot is connected and identified, with all of its shards."""
        there = [session.shard for session in self.sessions.values() if session.socket is not None]
        return bool(there) and len(set(there)) == there[0][1]

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": self.interval}})
        try:
            # A connection that closes during a write has ended like any other.
            with suppress(ConnectionResetError):
                await self._listen(socket)
        finally:
            for session in [known for known in self.sessions.values() if known.socket is socket]:
                session.detach()
                if socket.close_code in ENDED:
                    del self.sessions[session.id]
            self._changed()
        return socket

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            data = message.json()
            if data["op"] == HEARTBEAT_OP:
                self.heartbeats.append(asyncio.get_running_loop().time())
                # discord.py records when it sent a heartbeat only after sending it; a faster answer makes it believe
                # that it is a whole interval behind.
                await asyncio.sleep(ACK_DELAY)
                await socket.send_json({"op": ACK})
            elif data["op"] in (IDENTIFY, RESUME):
                await self._begin(socket, data)

    async def drop(self, *, resumable: bool, shard: int | None = None) -> None:
        """Cut the connections, or that of one shard; sessions that are not resumable are forgotten."""
        dropped = [session for session in self.sessions.values() if shard in (None, session.shard[0])]
        sockets = [session.socket for session in dropped if session.socket]
        for session in dropped:
            session.detach()
            if not resumable:
                del self.sessions[session.id]
        for socket in sockets:
            await socket.close(code=UNKNOWN_ERROR)

    async def _begin(self, socket: web.WebSocketResponse, data: dict[str, Any]) -> None:
        body = data["d"]
        if body["token"] != self.token:
            await socket.close(code=AUTHENTICATION_FAILED)
            return
        if data["op"] == RESUME:
            session = self.sessions.get(body["session_id"])
            if session is None or not session.remembers(body["seq"]):
                await socket.send_json({"op": INVALID_SESSION, "d": False})
                return
            session.attach(socket, body["seq"])
            session.push("RESUMED", {})
        else:
            number, shards = body.get("shard") or (0, 1)
            if self._is_early(number):
                await socket.send_json({"op": INVALID_SESSION, "d": False})
                return
            # A bot that identifies again has given up its earlier sessions.
            self.sessions = {key: known for key, known in self.sessions.items() if known.socket}
            session = Session(self._world, body["intents"], (number, shards))
            self.sessions[session.id] = session
            session.attach(socket, 0)
            self._greet(session)
        self._changed()

    def _is_early(self, shard: int) -> bool:
        """Whether a session of this shard begins too soon after another one; else it is counted."""
        now, key = asyncio.get_running_loop().time(), shard % self.max_concurrency
        early = shard != 0 and now - self._identified.get(key, float("-inf")) < IDENTIFY_SECONDS
        if not early:
            self._identified[key] = now
        return early

    def _greet(self, session: Session) -> None:
        backend = self._world.backend
        session.push(
            "READY",
            {
                "v": 10,
                "user": dict(serializers.user_payload(backend.bot_user)),
                "guilds": [{"id": str(guild), "unavailable": True} for guild in backend.guilds if session.has(guild)],
                "shard": session.shard,
                "session_id": session.id,
                "resume_gateway_url": self._address,
                "application": {"id": str(backend.application_id), "flags": 0},
            },
        )
        for guild in filter(lambda guild: session.has(guild.id), backend.guilds.values()):
            session.gateway.feed("GUILD_CREATE", serializers.guild_create_payload(backend, guild))

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        for session in self.sessions.values():
            if session.gets(event, payload):
                session.gateway.feed(event, payload)
        self._changed()
