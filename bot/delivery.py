"""The job's message: announcing it, putting the pictures into it by editing, trying again until it is there."""

import asyncio
import io
import logging
from contextlib import suppress
from datetime import UTC, datetime

import aiohttp
import discord

from generation import Catalogue, Task, images

from .compose import pixels
from .errors import Refusal
from .store import JobRow, PictureRow, State, Store
from .text import Speaker, speaker
from .views.job import cancel_view, delivered_view
from .words import inert

log = logging.getLogger(__name__)

MAX_PROMPT_SHOWN = 1200  # characters; with the rest it stays within a message's 2,000
MAX_ALT_TEXT = 1000  # characters; Discord allows 1,024
LONGEST_PAUSE = 60.0  # seconds between two tries
SERVER_ERROR = 500
TOO_LARGE, TOO_LARGE_CODE = 413, 40005

#: what passes by itself: Discord's own trouble, or the network's
PASSING = (aiohttp.ClientError, OSError, TimeoutError)


class Delivery:
    """Brings jobs to their channel."""

    def __init__(self, client: discord.Client, store: Store, catalogue: Catalogue) -> None:
        self._client = client
        self._store = store
        self._catalogue = catalogue

    async def announce(self, job: JobRow, reply_to: discord.MessageReference | None = None) -> discord.PartialMessage:
        """Say in the channel who asked for what; sent twice, it is the same message because of its nonce."""
        say = speaker(job.locale)
        channel = self._channel(job)
        message = await channel.send(
            f"{self._title(say, job)}\n-# ⏳ {say('waiting')}",
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
            return await asyncio.to_thread(self._store.files.picture(row.id).read_bytes), f"{self._name(job, row)}.png"
        except FileNotFoundError:
            log.info("picture %s is fetched from its message", row.id)
        try:
            message = await self._channel(job).fetch_message(job.message_id or 0)
        except discord.HTTPException:
            raise Refusal("That picture is not kept any more; attach it to /img2img instead.") from None
        for attachment in message.attachments:
            if attachment.filename.startswith(f"{self._name(job, row)}."):
                return await attachment.read(), attachment.filename
        raise Refusal("That picture is not kept any more; attach it to /img2img instead.")

    async def delete(self, job: JobRow) -> None:
        """Take the job's message and its pictures away."""
        await self._store.jobs.set_deleted(job.id, datetime.now(UTC))
        if job.message_id:
            with suppress(discord.NotFound):
                await self._channel(job).get_partial_message(job.message_id).delete()
        for row in job.of_state(State.FINISHED):
            await asyncio.to_thread(self._store.files.picture(row.id).unlink, missing_ok=True)

    async def _put(self, job: JobRow, limit: int) -> None:
        if job.message_id:
            message = self._channel(job).get_partial_message(job.message_id)
        else:
            message = await self.announce(job)
        say = speaker(job.locale)
        files = await asyncio.to_thread(self._files, job, limit)
        await message.edit(content=self.describe(job), attachments=files, view=delivered_view(job, say))

    async def _send_directly(self, job: JobRow, error: discord.HTTPException) -> None:
        """The channel or the message is gone: the member gets the pictures as a direct message."""
        log.warning("job %s goes to its member directly, its message cannot be edited: %s", job.id, error)
        files = await asyncio.to_thread(self._files, job, job.upload_limit)
        try:
            user = await self._client.fetch_user(job.user_id)
            await user.send(self.describe(job), files=files, allowed_mentions=discord.AllowedMentions.none())
        except discord.HTTPException as failure:
            log.error("job %s cannot be delivered at all: %s", job.id, failure)

    def _channel(self, job: JobRow) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)

    def _files(self, job: JobRow, limit: int) -> list[discord.File]:
        """The finished pictures, each within ``limit`` bytes, named and described; blocks."""
        files = []
        for row in job.of_state(State.FINISHED):
            png = self._store.files.picture(row.id).read_bytes()
            data, extension = images.under_limit(png, limit)
            name = f"{self._name(job, row)}.{extension}"
            files.append(discord.File(io.BytesIO(data), name, description=self._alt_text(job, row)))
        return files

    def _name(self, job: JobRow, row: PictureRow) -> str:
        return f"criar-{row.place + 1}-{job.seed_of(row)}"

    def _alt_text(self, job: JobRow, row: PictureRow) -> str:
        say = speaker(job.locale)
        if job.request.task is Task.UPSCALE:
            return say("An enlarged picture")
        return say("{prompt} (seed {seed})", prompt=job.request.prompt[:MAX_ALT_TEXT], seed=job.seed_of(row))

    def _title(self, say: Speaker, job: JobRow) -> str:
        prompt = inert(job.request.prompt, MAX_PROMPT_SHOWN) or say("enlarge")
        return say("**{prompt}** for {member}", prompt=prompt, member=f"<@{job.user_id}>")

    def describe(self, job: JobRow) -> str:
        """What stands above the pictures: the prompt, for whom, with what, and what could not be made."""
        say = speaker(job.locale)
        request = job.request
        seeds = ", ".join(str(job.seed_of(row)) for row in job.of_state(State.FINISHED))
        facts = [self._catalogue.title(request.model), pixels(request.width, request.height)]
        if request.strength is not None:
            facts.append(say("strength {strength}", strength=f"{request.strength:g}"))
        if seeds and request.task is not Task.UPSCALE:
            facts.append(say("seed {seeds}", seeds=seeds))
        return "\n".join([self._title(say, job), f"-# {' · '.join(facts)}", *self._missing(say, job)])

    def _missing(self, say: Speaker, job: JobRow) -> list[str]:
        """What to say of the pictures that are not there."""
        lines = []
        if cancelled := len(job.of_state(State.CANCELLED)):
            lines.append(
                say.plural(
                    "{n} picture was cancelled and not counted.", "{n} were cancelled and not counted.", cancelled
                )
            )
        if failed := len(job.of_state(State.FAILED)):
            lines.append(
                say.plural(
                    "{n} picture failed and was not counted:", "{n} pictures failed and were not counted:", failed
                )
            )
            lines += sorted({say(row.reason[0], **row.reason[1]) for row in job.of_state(State.FAILED) if row.reason})
        return lines
