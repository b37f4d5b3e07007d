"""Finished pictures, used again: as the source of others, posted by themselves, as bytes; remade if they are gone."""

from collections.abc import AsyncIterator
from dataclasses import replace

from bot.errors import Refusal
from bot.jobs.delivery import Delivery, Send
from bot.jobs.events import EventConsumer
from bot.jobs.uploads import Uploads
from bot.moderation.policy import Moderation
from bot.requests.builder import Source
from bot.store import JobRow, PictureRow, Store
from bot.store.export import Encode, export
from bot.text.translate import Speaker
from generation import Request, Task


class PictureLibrary:
    """The pictures that members may go on with."""

    def __init__(
        self,
        store: Store,
        delivery: Delivery,
        uploads: Uploads,
        moderation: Moderation,
        events: EventConsumer,
    ) -> None:
        self._store = store
        self._delivery = delivery
        self._uploads = uploads
        self._moderation = moderation
        self._events = events

    async def take_up(self, job: JobRow, row: PictureRow) -> Source:
        """A finished picture, as the source of another. Raises Refusal if it is no longer kept."""
        data, name = await self._have(job, row)
        # Signed, so that what is made from it can say what it was made from.
        return replace(await self._uploads.keep(await self._delivery.signed(job, row, data), name), picture=row.id)

    async def style_of(self, job: JobRow) -> Request:
        """The request that drew a picture, behind what made it larger or changed it after an instruction.

        Its prompt ends with the instructions, since the picture follows them too.
        """
        instructions: list[str] = []
        while job.request.task in (Task.UPSCALE, Task.EDIT) and job.parent:
            before = await self._store.jobs.picture(job.parent)
            if before is None:
                break
            if job.request.task is Task.EDIT:
                instructions.insert(0, job.request.prompt)
            job = before[0]
        return replace(job.request, prompt=", ".join(filter(None, [job.request.prompt, *instructions])))

    async def words_of(self, job: JobRow) -> str:
        """What a job's pictures show, in words; empty for an upload that was only enlarged."""
        return (await self.style_of(job)).prompt

    async def show(self, job: JobRow, row: PictureRow, say: Speaker, channel_id: int, send: Send) -> None:
        """Post a finished picture by itself, with its actions.

        Raises Refusal if it is no longer kept, or may not be shown in the channel.
        """
        await self._moderation.check(channel_id, (await self._have(job, row))[0])
        await self._delivery.show(job, row, say, send)

    async def picture(self, job: JobRow, row: PictureRow, channel_id: int) -> bytes:
        """A finished picture's bytes. Raises Refusal if it is no longer kept, or may not be shown there."""
        data, _ = await self._have(job, row)
        await self._moderation.check(channel_id, data)
        return data

    def export(self, user_id: int, limit: int) -> AsyncIterator[bytes]:
        """All that is kept about a member, as zip files of at most ``limit`` bytes."""
        return export(self._store, user_id, limit, self._encoder)

    async def _encoder(self, picture_id: str) -> Encode | None:
        found = await self._store.jobs.picture(picture_id)
        return await self._delivery.encoder(*found) if found else None

    async def _have(self, job: JobRow, row: PictureRow) -> tuple[bytes, str]:
        """A finished picture's bytes and name.

        A private one is in no message, so if its file was deleted it is made again from its seed, for free. Raises
        Refusal if that cannot be done.
        """
        try:
            return await self._delivery.picture(job, row)
        except Refusal:
            if not job.private or any(not path.exists() for path in job.request.images):
                raise
        await self._events.make_again(job.all_pictures()[row.place])
        return await self._delivery.picture(job, row)
