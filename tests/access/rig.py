"""The real bot in this process, on a local Discord; only the worker is replaced, since it is asked who may do what."""

import asyncio
import io
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import discord
from PIL import Image
from simcord import interactions
from simcord.backend.models import Message
from simcord.enums import AppCommandType, InteractionType

from bot.dispatch import Dispatcher
from bot.store import JobRow, Store
from generation import Cancelled, Event, Finished, Picture, Request, Service, Started, Task
from sandbox import LocalDiscord, interaction_data
from sandbox.people import Asked

MODELS = ("criar-embedded", "realesr-animevideov3", "flux-kontext")
BUTTON, SELECT, TEXT_INPUT, ROW, LABEL = 2, 3, 4, 1, 18  # Discord's types of components


def png(colour: str = "#d02020") -> bytes:
    file = io.BytesIO()
    image = Image.new("RGB", (256, 256), colour)
    image.paste("#000000", (0, 0, 128, 256))
    image.save(file, "PNG")
    return file.getvalue()


class InstantService(Service):
    """Makes every picture at once and all alike, or keeps them waiting; and remembers what it was asked for."""

    def __init__(self) -> None:
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._png = png()
        self.makes = True
        self.asked: Counter[int] = Counter()
        #: all that was asked for, oldest first
        self.pictures: list[Picture] = []
        #: ids of the pictures that were made
        self.made: set[str] = set()
        self.cancelled: set[str] = set()

    async def events(self) -> AsyncIterator[Event]:
        while True:
            if event := await self._events.get():
                yield event

    def submit(self, pictures: Sequence[Picture]) -> None:
        for picture in pictures:
            self.asked[picture.user_id] += 1
            self.pictures.append(picture)
            if self.makes:
                self.finish(picture)

    def finish(self, picture: Picture) -> None:
        """Make one picture."""
        key, attempt, seed = picture.id, picture.attempt, picture.request.seed
        self.made.add(key)
        self._events.put_nowait(Started(picture_id=key, attempt=attempt))
        self._events.put_nowait(Finished(picture_id=key, attempt=attempt, png=self._png, seed=seed, seconds=0.1))

    def cancel(self, picture_id: str) -> None:
        self.cancelled.add(picture_id)
        self._events.put_nowait(Cancelled(picture_id=picture_id, attempt=1))

    def can_make(self) -> bool:
        return True

    def lacks_model(self, _: str) -> bool:
        return False

    def loads_model(self, _: str) -> bool:
        return False

    def ahead(self, _: str) -> int | None:
        return 0

    def waiting(self) -> int:
        return 0

    def left(self, _: str) -> float | None:
        return None

    def estimate(self, _: str) -> float | None:
        return None


@dataclass
class Rig:
    """The two, and ways to do what no client of Discord's would."""

    local: LocalDiscord
    client: Dispatcher
    service: InstantService
    members: Mapping[str, int]
    #: a second server, of which "eve" is the admin, with a channel
    other_guild: int
    other_channel: int
    #: a picture of ana's in the channel
    public: Message = field(init=False, repr=False)
    _numbers: Counter[str] = field(default_factory=Counter)

    @property
    def store(self) -> Store:
        return self.client.store

    def sees(self, user_id: int, channel_id: int, path: str) -> bool:
        """Whether Discord shows a command to this person here."""
        return path in {entry["path"] for entry in self.local.people.commands(user_id, channel_id)}

    def slash(self, user_id: int, channel_id: int, path: str, options: Mapping[str, Any]) -> Asked:
        """Use a command even where Discord does not show it, as in a server that shows it to everybody."""
        world, words = self.local.world, path.split()
        known = world.backend.commands[None].values()
        root = next(command for command in known if command["name"] == words[0] and command.get("type", 1) == 1)
        leaf, _ = interactions.walk_to_subcommand(root, words[1:])
        declared = {option["name"]: option for option in leaf.get("options") or ()}
        resolved: dict[str, Any] = {}
        values = [
            interaction_data.option(world, user_id, channel_id, declared[name], value, resolved)
            for name, value in options.items()
        ]
        nested = interactions.nest_options(root, words[1:], values)
        data = {"id": root["id"], "name": root["name"], "type": AppCommandType.CHAT_INPUT, "options": nested}
        data |= {"resolved": resolved} if resolved else {}
        return self.local.people._ask(InteractionType.APPLICATION_COMMAND, user_id, channel_id, data)

    def forge(
        self, who: str, channel_id: int, message: Message, custom_id: str, values: Sequence[str] | None = None
    ) -> Asked:
        """Press a button, or choose in a menu, that the message may not have; in any channel."""
        kind = BUTTON if values is None else SELECT
        part: dict[str, Any] = {"type": kind, "custom_id": custom_id, "id": 1}
        if values is None:
            part |= {"style": 1, "label": "x"}
        else:
            part["options"] = [{"label": value or "x", "value": value or "x"} for value in values]
        shown = replace(message, channel_id=channel_id, components=[{"type": ROW, "components": [part]}])
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": kind}
        if values is not None:
            data["values"] = list(values)
        people = self.local.people
        return people._ask(InteractionType.MESSAGE_COMPONENT, self.members[who], channel_id, data, shown)

    def forge_modal(
        self, who: str, channel_id: int, custom_id: str, fields: Mapping[str, str], message: Message | None = None
    ) -> Asked:
        """Send a modal that was never shown."""
        rows = [
            {
                "type": LABEL,
                "id": 2 * n,
                "component": {"type": TEXT_INPUT, "id": 2 * n + 1, "custom_id": name, "value": text},
            }
            for n, (name, text) in enumerate(fields.items(), 1)
        ]
        data = {"custom_id": custom_id, "components": rows}
        shown = replace(message, channel_id=channel_id) if message else None
        return self.local.people._ask(InteractionType.MODAL_SUBMIT, self.members[who], channel_id, data, shown)

    async def job(
        self, who: str, channel_id: int, guild_id: int | None, *, private: bool = False, done: bool = True
    ) -> tuple[JobRow, Message]:
        """A job of one picture as it would stand after a command: its row and the message that shows it."""
        self._numbers["jobs"] += 1
        number = self._numbers["jobs"]
        row = await self.store.accept(
            JobRow(
                id=f"{number:012x}",
                interaction_id=number,
                user_id=self.members[who],
                guild_id=guild_id,
                channel_id=channel_id,
                locale="en-US",
                upload_limit=10 * 2**20,
                request=Request(
                    task=Task.TXT2IMG, model="criar-embedded", prompt="a cat", seed=7, width=512, height=512,
                    num_inference_steps=20, guidance_scale=5.0, scheduler="DDIM",
                ),
                private=private,
                created_at=discord.utils.utcnow(),
            )
        )  # fmt: skip
        assert row
        backend = self.local.world.backend
        message = backend.create_message(channel_id, backend.bot_user.id, "a cat")
        if private:
            message.flags |= 64
        else:
            await self.store.jobs.set_message(row.id, channel_id, message.id)
        if done:
            picture = row.pictures[0]
            await asyncio.to_thread(self.store.files.keep_picture, picture.id, self.service._png)
            assert await self.store.jobs.finished(picture.id, 1, 1.0)
            await self.store.jobs.set_delivered(row.id, discord.utils.utcnow())
        found = await self.store.jobs.get(row.id)
        assert found
        return found, message

    async def delivered(self) -> None:
        """Until every picture that was made is where its member sees it."""
        async with asyncio.timeout(60):
            while any(
                row.id in self.service.made for job in await self.store.jobs.undelivered() for row in job.pictures
            ):
                pass  # the database makes no event

    async def settle(self, look: Callable[[], Any]) -> Any:
        """What ``look`` returns as soon as that is true; also of what makes no event, such as a file that goes."""
        for _ in range(300):  # a minute: pictures are opened in processes, which a busy machine starts slowly
            with suppress(TimeoutError):
                return await self.local.wait_for(look, 0.2)
        raise TimeoutError
