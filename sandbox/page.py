"""The page in the browser: a small JSON API for what people can do, and a stream of what they see."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web
from simcord.backend import serializers
from simcord.backend.errors import BackendError, SetupError
from simcord.backend.models import Channel, Message
from simcord.enums import AppCommandType, ChannelType

from .gateway import Gateway
from .interaction_data import CannotDoError, File
from .people import Asked, People
from .waiting import Changes
from .world import World

STATIC = Path(__file__).with_name("static")
SHOWN = 60  # messages at first, and more each time that somebody scrolls back
#: what the page can ask for; each is a method with an underscore before it
DEEDS = (
    "slash",
    "autocomplete",
    "press",
    "modal",
    "say",
    "menu",
    "react",
    "forward",
    "thread",
    "close",
    "locale",
    "join",
)
DRAW_EVERY = 0.05  # seconds between updates of the page
STILL_HERE = 15.0  # seconds of silence before a keep-alive comment
ANSWER_SECONDS = 3.5  # after 3 s Discord says that the application did not respond
NEW_MEMBERS = ("Kim", "Noor", "Juan", "Mei", "Tariq", "Freya", "Ivo", "Lena")  # offered by the page, in this order

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class _Deed:
    """A person's action, as the page sends it."""

    member: int
    channel: int
    fields: dict[str, Any]
    #: each with the name of its field
    files: list[tuple[str, File]]


@dataclass(slots=True)
class _Shown:
    """What one open page has received."""

    world: str = ""
    messages: dict[str, str] = field(default_factory=dict)
    #: how many messages it shows at most
    limit: int = SHOWN


class Page:
    """Serves the page of one local Discord."""

    def __init__(self, world: World, people: People, gateway: Gateway, changes: Changes) -> None:
        self._world = world
        self._people = people
        self._gateway = gateway
        self._changes = changes
        #: open pages by the name that they gave themselves
        self._open: dict[str, _Shown] = {}

    def add_routes(self, app: web.Application) -> None:
        """Add the page and its API."""
        app.router.add_get("/", self._index)
        app.router.add_static("/static", STATIC)
        app.router.add_get("/page/events", self._events)
        app.router.add_post("/page/earlier", self._earlier)
        for deed in DEEDS:
            app.router.add_post(f"/page/{deed}", self._guarded(getattr(self, f"_{deed}")))

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    def _guarded(self, act: Callable[[_Deed], Awaitable[dict[str, Any]]]) -> Handler:
        """Answer what a person cannot do with a sentence for the page."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return web.json_response(await act(await self._deed(request)))
            except (CannotDoError, SetupError, BackendError) as error:
                return web.json_response({"error": str(error)}, status=400)

        return guarded

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Stream the visible state: all of it first, then what changed, in at most two events at a time."""
        name, channel = request.query["member"], request.query.get("channel")
        if name not in self._world.members:
            raise web.HTTPNotFound
        member = self._member(name)
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await stream.prepare(request)
        page = request.query.get("page", "")
        shown = self._open[page] = _Shown()
        try:
            await self._follow(stream, member, channel, shown)
        finally:
            if self._open.get(page) is shown:
                del self._open[page]
        return stream

    async def _follow(self, stream: web.StreamResponse, member: int, channel: str | None, shown: _Shown) -> None:
        """Send what changes until the page is closed."""
        with suppress(ConnectionResetError):  # the page was closed
            while True:
                try:
                    news = await self._changes.wait_for(
                        lambda: self._news(member, self._channel(member, channel), shown), STILL_HERE
                    )
                except TimeoutError:
                    news = ": still here\n\n"
                await stream.write(news.encode())
                await asyncio.sleep(DRAW_EVERY)

    async def _earlier(self, request: web.Request) -> web.Response:
        """Let an open page see more of what was written before."""
        if shown := self._open.get((await request.json())["page"]):
            shown.limit += SHOWN
            self._changes.announce()
        return web.json_response({})

    def _news(self, member: int, channel: int, shown: _Shown) -> str:
        news = ""
        world = json.dumps(self._state(member, channel), default=str)
        if world != shown.world:
            news += f"event: world\ndata: {world}\n\n"
            shown.world = world
        messages = {
            str(message.id): json.dumps(self._message_state(message, member), default=str)
            for message in self._people.messages(member, channel, shown.limit)
        }
        changed = [text for key, text in messages.items() if shown.messages.get(key) != text]
        if changed or messages.keys() != shown.messages.keys():
            order, texts = json.dumps(list(messages)), ", ".join(changed)
            more = json.dumps(len(messages) == shown.limit)
            news += f'event: messages\ndata: {{"order": {order}, "more": {more}, "changed": [{texts}]}}\n\n'
            shown.messages = messages
        return news

    def _state(self, user_id: int, channel_id: int) -> dict[str, Any]:
        world, people = self._world, self._people
        backend, guild = world.backend, world.backend.get_guild(world.guild_id)
        return {
            "connected": self._gateway.connected,
            "guild": guild.name,
            "channel": str(channel_id),
            "channels": [_place(channel) for channel in world.channels(user_id)],
            "locale": world.locales.get(user_id, "en-US"),
            "members": [
                {"name": name, "id": str(user), "shown": backend.get_user(user).global_name}
                for name, user in world.members.items()
            ],
            "roles": [{"id": str(role.id), "name": role.name} for role in guild.roles.values()],
            "bot": {"id": str(backend.bot_user.id), "name": backend.bot_user.name},
            "commands": people.commands(user_id, channel_id),
            "menus": [
                {"name": entry["path"], "shown": entry["shown"]}
                for entry in people.commands(user_id, channel_id, AppCommandType.MESSAGE)
            ],
        }

    def _message_state(self, message: Message, member: int) -> dict[str, Any]:
        payload = serializers.message_payload(self._world.backend, message, for_user=member)
        return {**payload, "ephemeral": message.is_ephemeral, "pings": [str(user) for user in message.ping_user_ids]}

    def _member(self, name: str) -> int:
        if name not in self._world.members:
            raise CannotDoError(f"there is no member {name}")
        return self._world.members[name]

    def _channel(self, member: int, channel: str | None) -> int:
        """The channel if the member sees it, otherwise the server's first."""
        seen = [known.id for known in self._world.channels(member)]
        return int(channel) if channel and int(channel) in seen else seen[0]

    async def _deed(self, request: web.Request) -> _Deed:
        form = await request.post()
        files = [
            (name, (part.filename, part.file.read())) for name, part in form.items() if isinstance(part, web.FileField)
        ]
        fields = json.loads(str(form["fields"]))
        member = self._member(fields.pop("member"))
        return _Deed(
            member=member, channel=self._channel(member, fields.pop("channel", None)), fields=fields, files=files
        )

    async def _slash(self, deed: _Deed) -> dict[str, Any]:
        options = {**deed.fields["options"], **dict(deed.files)}
        return await self._outcome(self._people.slash(deed.member, deed.channel, deed.fields["path"], options))

    async def _autocomplete(self, deed: _Deed) -> dict[str, Any]:
        fields = deed.fields
        asked = self._people.autocomplete(
            deed.member, deed.channel, fields["path"], fields["name"], fields["typed"], fields["options"]
        )
        await self._outcome(asked)
        return {"choices": asked.record.autocomplete_choices or []}

    async def _press(self, deed: _Deed) -> dict[str, Any]:
        fields, message = deed.fields, self._message(deed)
        return await self._outcome(self._people.press(deed.member, message, fields["custom_id"], fields.get("values")))

    async def _modal(self, deed: _Deed) -> dict[str, Any]:
        shown = self._people.asked.get(int(deed.fields["interaction"]))
        if shown is None:
            raise CannotDoError("this form was open for too long")
        uploads: dict[str, list[File]] = {}
        for custom_id, file in deed.files:
            uploads.setdefault(custom_id, []).append(file)
        return await self._outcome(self._people.submit(deed.member, shown, {**deed.fields["values"], **uploads}))

    async def _menu(self, deed: _Deed) -> dict[str, Any]:
        return await self._outcome(self._people.menu(deed.member, deed.fields["name"], self._message(deed)))

    async def _say(self, deed: _Deed) -> dict[str, Any]:
        fields, reply_to = deed.fields, deed.fields.get("reply_to")
        self._people.say(
            deed.member,
            deed.channel,
            fields["text"],
            [file for _, file in deed.files],
            int(reply_to) if reply_to else None,
            mention=fields.get("mention", True),
        )
        return {}

    async def _react(self, deed: _Deed) -> dict[str, Any]:
        self._people.react(deed.member, self._message(deed), deed.fields["emoji"])
        return {}

    async def _forward(self, deed: _Deed) -> dict[str, Any]:
        self._people.forward(deed.member, self._message(deed), int(deed.fields["to"]))
        return {}

    async def _thread(self, deed: _Deed) -> dict[str, Any]:
        """Open a thread; the page then shows it."""
        thread = self._people.start_thread(
            deed.member, deed.channel, deed.fields["name"], private=deed.fields["private"]
        )
        return {"channel": str(thread.id)}

    async def _close(self, deed: _Deed) -> dict[str, Any]:
        self._people.close_thread(deed.member, deed.channel, locked=deed.fields["locked"])
        return {}

    async def _locale(self, deed: _Deed) -> dict[str, Any]:
        self._world.locales[deed.member] = deed.fields["locale"]
        self._changes.announce()
        return {}

    async def _join(self, _: _Deed) -> dict[str, Any]:
        """Add another member to the server."""
        world = self._world
        free = [name for name in NEW_MEMBERS if name.lower() not in world.members]
        name = free[0] if free else f"Member {len(world.members) + 1}"
        world.add_member(name.lower(), name)
        self._changes.announce()
        return {"name": name.lower()}

    def _message(self, deed: _Deed) -> Message:
        return self._world.backend.get_message(deed.channel, int(deed.fields["message"]))

    async def _outcome(self, asked: Asked) -> dict[str, Any]:
        """What the person sees right away: a modal, or that nobody answered in time."""
        try:
            await self._changes.wait_for(lambda: asked.record.responded, ANSWER_SECONDS)
        except TimeoutError:
            return {"error": "The application did not respond"}
        if asked.record.modal:
            return {"modal": asked.record.modal, "interaction": str(asked.record.id)}
        return {}


def _place(channel: Channel) -> dict[str, Any]:
    """A channel, a thread or the direct messages, as the side lists them."""
    state = channel.thread_metadata
    return {
        "id": str(channel.id),
        "name": channel.name,
        "direct": channel.type == ChannelType.DM,
        "thread": channel.is_thread,
        "private": channel.type == ChannelType.PRIVATE_THREAD,
        "archived": bool(state and state.archived),
        "locked": bool(state and state.locked),
        "last": str(channel.last_message_id or ""),
    }
