"""Finished pictures, taken up again: as the source of others, alone, as bytes; where they are gone, made again."""

import asyncio
from dataclasses import replace

from bot.errors import Refusal
from bot.jobs.delivery import Delivery, Send
from bot.jobs.uploads import Uploads
from bot.moderation.policy import Moderation
from bot.requests.builder import Source
from bot.store import JobRow, PictureRow, Store
from bot.text.translate import Speaker
from generation import Request, Service, Task


class PictureLibrary:
    """The pictures that members may go on with."""

    def __init__(
        self, store: Store, service: Service, delivery: Delivery, uploads: Uploads, moderation: Moderation
    ) -> None:
        self._store = store
        self._service = service
        self._delivery = delivery
        self._uploads = uploads
        self._moderation = moderation
        self._being_made: dict[str, asyncio.Future[None]] = {}

    async def take_up(self, job: JobRow, row: PictureRow) -> Source:
        """A finished picture, as the source of another. Raises Refusal where it is not kept any more."""
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

    async def show(self, job: JobRow, row: PictureRow, say: Speaker, channel_id: int, send: Send) -> None:
        """Post a finished picture alone, with its actions.

        Raises Refusal where it is not kept any more, or may not be shown in the channel.
        """
        await self._moderation.check(channel_id, (await self._have(job, row))[0])
        await self._delivery.show(job, row, say, send)

    async def picture(self, job: JobRow, row: PictureRow, channel_id: int) -> bytes:
        """A finished picture's bytes. Raises Refusal where it is not kept any more, or may not be shown there."""
        data, _ = await self._have(job, row)
        await self._moderation.check(channel_id, data)
        return data

    async def _have(self, job: JobRow, row: PictureRow) -> tuple[bytes, str]:
        """A finished picture's bytes and name. A private one stands in no message, so where its file was deleted
        it is made again from its seed, free. Raises Refusal where that cannot be done."""
        try:
            return await self._delivery.picture(job, row)
        except Refusal:
            if not job.private or any(not path.exists() for path in job.request.images):
                raise
        if row.id not in self._being_made:
            self._being_made[row.id] = asyncio.get_running_loop().create_future()
            self._service.submit([job.all_pictures()[row.place]])
        await asyncio.shield(self._being_made[row.id])
        return await self._delivery.picture(job, row)

    def made_again(self, picture_id: str) -> bool:
        """The making of a picture has ended: wake those who wait for it to be made again; whether there are any."""
        waiting = self._being_made.pop(picture_id, None)
        if waiting and not waiting.done():
            waiting.set_result(None)
        return waiting is not None
