"""The page in the browser: a small JSON interface and a stream of changes over what people can do."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web
from simcord.backend import serializers
from simcord.backend.errors import BackendError, SetupError
from simcord.enums import AppCommandType

from .people import Asked, CannotDoError, File

if TYPE_CHECKING:
    from .server import LocalDiscord

STATIC = Path(__file__).with_name("static")
SHOWN = 60  # messages
DRAW_EVERY = 0.05  # seconds between two drawings of the page
STILL_HERE = 15.0  # seconds after which a silent stream says that it is there
ANSWER_SECONDS = 3.5  # after 3 s Discord says that the application did not respond

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Page:
    """Serves the page of one local Discord."""

    def __init__(self, discord: "LocalDiscord") -> None:
        self._discord = discord

    def add_routes(self, app: web.Application) -> None:
        """Add the page and its interface."""
        app.router.add_get("/", self._index)
        app.router.add_static("/static", STATIC)
        app.router.add_get("/page/events", self._events)
        for name in ("slash", "autocomplete", "press", "modal", "say", "menu"):
            app.router.add_post(f"/page/{name}", self._guarded(getattr(self, f"_{name}")))

    async def _index(self, _: web.Request) -> web.FileResponse:
        return web.FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    def _guarded(self, handler: Handler) -> Handler:
        """What a person cannot do becomes a sentence on the page."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                return await handler(request)
            except (CannotDoError, SetupError, BackendError, ValueError) as error:
                return web.json_response({"error": str(error)}, status=400)

        return guarded

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """The whole visible state as a stream, sent again whenever it is another."""
        stream = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await stream.prepare(request)
        member = self._member(request.query.get("member", "ana"))
        sent = ""

        def news() -> str | None:
            state = json.dumps(self._state(member), default=str)
            return state if state != sent else None

        while True:
            try:
                sent = await self._discord.wait_for(news, STILL_HERE)
                await stream.write(f"data: {sent}\n\n".encode())
                await asyncio.sleep(DRAW_EVERY)
            except TimeoutError:
                await stream.write(b": still here\n\n")
            except ConnectionResetError:
                return stream

    def _state(self, user_id: int) -> dict[str, Any]:
        world, people = self._discord.world, self._discord.people
        backend, channel = world.backend, world.channel_id
        messages = people.messages(user_id, channel)[-SHOWN:]
        return {
            "connected": self._discord.gateway.connected,
            "members": [
                {"name": name, "id": str(user), "shown": backend.get_user(user).global_name}
                for name, user in world.members.items()
            ],
            "bot": {"id": str(backend.bot_user.id), "name": backend.bot_user.name},
            "commands": people.commands(user_id, channel),
            "menus": [entry["path"] for entry in people.commands(user_id, channel, AppCommandType.MESSAGE)],
            "messages": [
                {**serializers.message_payload(backend, message), "ephemeral": message.is_ephemeral}
                for message in messages
            ],
        }

    def _member(self, name: str) -> int:
        if name not in self._discord.world.members:
            raise CannotDoError(f"there is no member {name}")
        return self._discord.world.members[name]

    async def _form(self, request: web.Request) -> tuple[int, dict[str, Any], dict[str, File]]:
        """Who acts, the fields as JSON, and the files by field."""
        form = await request.post()
        files = {
            name: (part.filename, part.file.read()) for name, part in form.items() if isinstance(part, web.FileField)
        }
        fields = json.loads(str(form["fields"]))
        return self._member(fields.pop("member")), fields, files

    async def _slash(self, request: web.Request) -> web.Response:
        member, fields, files = await self._form(request)
        options = {**fields["options"], **files}
        channel = self._discord.world.channel_id
        return await self._outcome(self._discord.people.slash(member, channel, fields["path"], options))

    async def _autocomplete(self, request: web.Request) -> web.Response:
        member, fields, _ = await self._form(request)
        asked = self._discord.people.autocomplete(
            member, self._discord.world.channel_id, fields["path"], fields["name"], fields["typed"], fields["options"]
        )
        await self._outcome(asked)
        return web.json_response({"choices": asked.record.autocomplete_choices or []})

    async def _press(self, request: web.Request) -> web.Response:
        member, fields, _ = await self._form(request)
        message = self._message(fields["message"])
        values = fields.get("values")
        return await self._outcome(self._discord.people.press(member, message, fields["custom_id"], values))

    async def _modal(self, request: web.Request) -> web.Response:
        member, fields, _ = await self._form(request)
        shown = self._discord.people.asked[int(fields["interaction"])]
        return await self._outcome(self._discord.people.submit(member, shown, fields["values"]))

    async def _menu(self, request: web.Request) -> web.Response:
        member, fields, _ = await self._form(request)
        return await self._outcome(self._discord.people.menu(member, fields["name"], self._message(fields["message"])))

    async def _say(self, request: web.Request) -> web.Response:
        member, fields, files = await self._form(request)
        reply_to = int(fields["reply_to"]) if fields.get("reply_to") else None
        channel = self._discord.world.channel_id
        self._discord.people.say(member, channel, fields["text"], list(files.values()), reply_to)
        return web.json_response({})

    def _message(self, message_id: str) -> Any:
        return self._discord.world.backend.get_message(self._discord.world.channel_id, int(message_id))

    async def _outcome(self, asked: Asked) -> web.Response:
        """What the person sees at once: a modal, or that nobody answered in time."""
        try:
            await self._discord.wait_for(lambda: asked.record.responded, ANSWER_SECONDS)
        except TimeoutError:
            return web.json_response({"error": "The application did not respond"})
        if asked.record.modal:
            return web.json_response({"modal": asked.record.modal, "interaction": str(asked.record.id)})
        return web.json_response({})
