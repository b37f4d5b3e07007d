"""The job's message: announcing it, putting the pictures into it by editing, trying again until it is there."""

import asyncio
import io
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import aiohttp
import discord

from generation import Catalogue

from .contents import COMPARED, Contents
from .errors import Refusal
from .store import JobRow, PictureRow, State, Store
from .strips import cut
from .text import Speaker, speaker
from .views.delivered import delivered_view
from .views.job import cancel_view
from .views.picture import posted_view

log = logging.getLogger(__name__)

SPOILER = "SPOILER_"  # Discord covers files whose names begin so
ORIGINAL: Any = "@original"  # the interaction's own answer, in place of a message's id
LONGEST_PAUSE = 60.0  # seconds between two tries
SERVER_ERROR = 500
TOO_LARGE, TOO_LARGE_CODE = 413, 40005

#: what passes by itself: Discord's own trouble, or the network's
PASSING = (aiohttp.ClientError, OSError, TimeoutError)

#: sends a message with what a channel's or a webhook's send takes
Send = Callable[..., Awaitable[Any]]


class Delivery:
    """Brings jobs to their channel."""

    def __init__(self, client: discord.Client, store: Store, catalogue: Catalogue) -> None:
        self._client = client
        self._store = store
        self._contents = Contents(store.files, catalogue)

    async def announce(self, job: JobRow, reply_to: discord.MessageReference | None = None) -> discord.PartialMessage:
        """Say in the channel who asked for what; sent twice, it is the same message because of its nonce."""
        say = speaker(job.locale)
        channel = self._channel(job)
        message = await channel.send(
            f"{self._contents.title(say, job)}\n-# ⏳ {say('waiting')}",
            view=cancel_view(job.id, say),
            nonce=job.id,
            reference=reply_to,  # type: ignore[arg-type]  # None is its default
            allowed_mentions=discord.AllowedMentions.none(),
            suppress_embeds=True,
        )
        await self._store.jobs.set_message(job.id, message.id)
        return channel.get_partial_message(message.id)

    async def deliver(self, job: JobRow) -> None:
        """Put the pictures into the job's message, trying until Discord takes them or clearly never will."""
        pause, limit = 1.0, job.upload_limit
        while True:
            try:
                await self._put(job, limit)
                break
            except discord.HTTPException as error:
                if error.status == TOO_LARGE or error.code == TOO_LARGE_CODE:
                    limit //= 2
                    continue
                if error.status < SERVER_ERROR:
                    await self._send_directly(job, error)
                    break
                log.warning("job %s is not delivered yet: %s", job.id, error)
            except PASSING as error:
                log.warning("job %s is not delivered yet: %s", job.id, error)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        await self._store.jobs.set_delivered(job.id, datetime.now(UTC))

    async def picture(self, job: JobRow, row: PictureRow) -> tuple[bytes, str]:
        """A finished picture's bytes and name: from disk, or from its message where the file was cleaned up.

        Raises Refusal where neither has it.
        """
        try:
            return await asyncio.to_thread(
                self._store.files.picture(row.id).read_bytes
            ), f"{self._contents.name(job, row)}.png"
        except FileNotFoundError:
            log.info("picture %s is fetched from its message", row.id)
        try:
            message = await self._channel(job).fetch_message(job.message_id or 0)
        except discord.HTTPException:
            raise Refusal("That picture is not kept any more; attach it to /img2img instead.") from None
        for attachment in message.attachments:
            if attachment.filename.removeprefix(SPOILER).startswith(f"{self._contents.name(job, row)}."):
                return await attachment.read(), attachment.filename
            if job.request.strengths and attachment.filename.removeprefix(SPOILER).startswith(COMPARED):
                tile = await asyncio.to_thread(cut, await attachment.read(), row.place + 1)
                return tile, f"{self._contents.name(job, row)}.png"
        raise Refusal("That picture is not kept any more; attach it to /img2img instead.")

    async def show(self, job: JobRow, row: PictureRow, say: Speaker, send: Send) -> None:
        """Send one finished picture in a message of its own. Raises Refusal where it is not kept any more."""
        data, name = await self.picture(job, row)
        message = await send(
            self._contents.describe(job, row),
            file=discord.File(
                io.BytesIO(data), name, description=self._contents.alt_text(job, row), spoiler=job.spoiler
            ),
            view=posted_view(job, row, say, edits=self._contents.edits),
            allowed_mentions=discord.AllowedMentions.none(),
            suppress_embeds=True,
        )
        await self._store.jobs.set_post(message.id, row.id)

    async def delete(self, job: JobRow) -> None:
        """Take the job's message and its pictures away."""
        await self._store.jobs.set_deleted(job.id, datetime.now(UTC))
        if job.message_id:
            with suppress(discord.NotFound):
                await self._channel(job).get_partial_message(job.message_id).delete()
        for row in job.of_state(State.FINISHED):
            await asyncio.to_thread(self._store.files.picture(row.id).unlink, missing_ok=True)

    async def _put(self, job: JobRow, limit: int) -> None:
        files = await asyncio.to_thread(self._contents.files, job, limit)
        content, view = (
            self._contents.describe(job),
            delivered_view(job, speaker(job.locale), edits=self._contents.edits),
        )
        if job.private:
            answer = discord.Webhook.partial(self._client.application_id or 0, job.token or "", client=self._client)
            await answer.edit_message(ORIGINAL, content=content, attachments=files, view=view)
            return
        if job.message_id:
            message = self._channel(job).get_partial_message(job.message_id)
        else:
            message = await self.announce(job)
        await message.edit(content=content, attachments=files, view=view)

    async def _send_directly(self, job: JobRow, error: discord.HTTPException) -> None:
        """The channel or the message is gone: the member gets the pictures as a direct message."""
        log.warning("job %s goes to its member directly, its message cannot be edited: %s", job.id, error)
        files = await asyncio.to_thread(self._contents.files, job, job.upload_limit)
        try:
            user = await self._client.fetch_user(job.user_id)
            await user.send(self._contents.describe(job), files=files, allowed_mentions=discord.AllowedMentions.none())
        except discord.HTTPException as failure:
            log.error("job %s cannot be delivered at all: %s", job.id, failure)

    def _channel(self, job: JobRow) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
