"""Finished pictures, used again: as the source of others, posted by themselves, as bytes; remade if they are gone."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import discord

from bot.errors import Refusal
from bot.jobs.cdn import Cdn
from bot.jobs.events import EventConsumer
from bot.jobs.uploads import Uploads
from bot.messages.buttons import posted_buttons
from bot.messages.contact_sheet import cut
from bot.messages.job_message import COMPARISON, JobMessage
from bot.moderation.output_filter import OutputFilter
from bot.requests.builder import Source
from bot.store import JobRow, PictureRow, Store
from bot.store.export import Encode, export
from bot.text.translate import Speaker
from generation import Request, Task
from generation.provenance import has_manifest

log = logging.getLogger(__name__)

SPOILER = "SPOILER_"  # Discord covers files whose names begin so
LARGEST = 100 * 2**20  # bytes of a picture of ours that is fetched again; Discord takes no larger ones

#: sends a message with what a channel's or a webhook's send takes
Send = Callable[..., Awaitable[Any]]


class PictureLibrary:
    """The pictures that members may go on with."""

    def __init__(
        self,
        client: discord.Client,
        store: Store,
        message: JobMessage,
        cdn: Cdn,
        uploads: Uploads,
        output_filter: OutputFilter,
        events: EventConsumer,
    ) -> None:
        self._client = client
        self._store = store
        self._message = message
        self._cdn = cdn
        self._uploads = uploads
        self._filter = output_filter
        self._events = events

    async def take_up(self, job: JobRow, row: PictureRow) -> Source:
        """A finished picture, as the source of another. Raises Refusal if it is no longer kept."""
        data, name = await self._have(job, row)
        # Signed, so that what is made from it can say what it was made from.
        signed = await asyncio.to_thread(self._message.signed, job, row, data)
        return replace(await self._uploads.keep(signed, name), picture=row.id)

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
        data, name = await self._have(job, row)
        await self._filter.check(channel_id, data)
        if has_manifest(data) or not name.endswith(".png"):
            signed = await asyncio.to_thread(self._message.signed, job, row, data)
            file = self._message.sent_file(job, row, signed, name)
        else:
            prompt = await self._store.preferences.prompt_in_files(job.user_id)
            file = await asyncio.to_thread(self._message.file, job, row, data, job.upload_limit, prompt=prompt)
        message = await send(
            self._message.describe(job, row),
            file=file,
            view=posted_buttons(row, say, self._message.costs_of(job)),
            allowed_mentions=discord.AllowedMentions.none(),
            suppress_embeds=True,
        )
        await self._store.jobs.set_post(message.channel.id, message.id, row.id)

    async def picture(self, job: JobRow, row: PictureRow, channel_id: int) -> bytes:
        """A finished picture's bytes. Raises Refusal if it is no longer kept, or may not be shown there."""
        data, _ = await self._have(job, row)
        await self._filter.check(channel_id, data)
        return data

    def export(self, user_id: int, limit: int) -> AsyncIterator[bytes]:
        """All that is kept about a member, as zip files of at most ``limit`` bytes."""
        return export(self._store, user_id, limit, self._encoder)

    async def _encoder(self, picture_id: str) -> Encode | None:
        found = await self._store.jobs.picture(picture_id)
        if found is None:
            return None
        job, row = found
        prompt = await self._store.preferences.prompt_in_files(job.user_id)
        return lambda png, limit: self._message.encode(job, row, png, limit, prompt=prompt)

    async def _have(self, job: JobRow, row: PictureRow) -> tuple[bytes, str]:
        """A finished picture's bytes and name.

        A private one is in no message, so if its file was deleted it is made again from its seed, for free. Raises
        Refusal if that cannot be done.
        """
        try:
            return await self._kept(job, row)
        except Refusal:
            if not job.private or any(not path.exists() for path in job.request.images):
                raise
        await self._events.make_again(job.all_pictures()[row.place])
        return await self._kept(job, row)

    async def _kept(self, job: JobRow, row: PictureRow) -> tuple[bytes, str]:
        """A finished picture's bytes and name: from disk, or from its message if the file was deleted.

        Raises Refusal if neither has it.
        """
        name = self._message.name(job, row)
        try:
            return await asyncio.to_thread(self._store.files.picture(row.id).read_bytes), f"{name}.png"
        except FileNotFoundError:
            log.info("picture %s is fetched from its message", row.id)
        for channel_id, message_id in [*await self._store.jobs.posts_of(row.id), (job.channel_id, job.message_id or 0)]:
            try:
                message = await self._client.get_partial_messageable(channel_id).fetch_message(message_id)
            except discord.HTTPException:
                continue
            for attachment in message.attachments:
                shown = attachment.filename.removeprefix(SPOILER)
                if shown.startswith(f"{name}."):
                    return await self._cdn.fetch(attachment, LARGEST), attachment.filename
                if job.request.strengths and shown.startswith(COMPARISON):
                    sheet = await self._cdn.fetch(attachment, LARGEST)
                    return await asyncio.to_thread(cut, sheet, row.place + 1), f"{name}.png"
        raise Refusal("That picture is no longer kept; attach it to /img2img instead.")
