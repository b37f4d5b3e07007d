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
from PIL import Image

from generation import Catalogue, Task, images

from .compose import pixels
from .errors import Refusal
from .store import JobRow, PictureRow, State, Store
from .strips import BAR, GAP, TILE, corner, strip
from .text import Speaker, speaker
from .views.delivered import delivered_view
from .views.job import cancel_view
from .views.picture import posted_view
from .words import inert

log = logging.getLogger(__name__)

SPOILER = "SPOILER_"  # Discord covers files whose names begin so
ORIGINAL: Any = "@original"  # the interaction's own answer, in place of a message's id
COMPARED = "criar-strengths"  # name of the file that compares strengths
MAX_PROMPT_SHOWN = 1200  # characters; with the rest it stays within a message's 2,000
MAX_ALT_TEXT = 1000  # characters; Discord allows 1,024
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
        self._catalogue = catalogue

    @property
    def _edits(self) -> bool:
        return any(Task.EDIT in spec.tasks for spec in self._catalogue.models)

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
            if attachment.filename.removeprefix(SPOILER).startswith(f"{self._name(job, row)}."):
                return await attachment.read(), attachment.filename
            if job.request.strengths and attachment.filename.removeprefix(SPOILER).startswith(COMPARED):
                tile = await asyncio.to_thread(_cut, await attachment.read(), row.place + 1)
                return tile, f"{self._name(job, row)}.png"
        raise Refusal("That picture is not kept any more; attach it to /img2img instead.")

    async def show(self, job: JobRow, row: PictureRow, say: Speaker, send: Send) -> None:
        """Send one finished picture in a message of its own. Raises Refusal where it is not kept any more."""
        data, name = await self.picture(job, row)
        message = await send(
            self.describe(job, row),
            file=discord.File(io.BytesIO(data), name, description=self._alt_text(job, row), spoiler=job.spoiler),
            view=posted_view(job, row, say, edits=self._edits),
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
        files = await asyncio.to_thread(self._files, job, limit)
        content, view = self.describe(job), delivered_view(job, speaker(job.locale), edits=self._edits)
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
        if job.request.strengths and job.of_state(State.FINISHED):
            return [self._compared(job, limit)]
        files = []
        for row in job.of_state(State.FINISHED):
            png = self._store.files.picture(row.id).read_bytes()
            data, extension = images.under_limit(png, limit)
            name = f"{self._name(job, row)}.{extension}"
            files.append(
                discord.File(io.BytesIO(data), name, description=self._alt_text(job, row), spoiler=job.spoiler)
            )
        return files

    def _compared(self, job: JobRow, limit: int) -> discord.File:
        """The input and the picture of each strength as one strip; blocks."""
        say, request = speaker(job.locale), job.request
        tiles: list[tuple[bytes | None, str]] = [(request.images[0].read_bytes(), say("before"))]
        rows = {row.place: row for row in job.of_state(State.FINISHED)}
        for place, strength in enumerate(request.strengths):
            data = self._store.files.picture(rows[place].id).read_bytes() if place in rows else None
            tiles.append((data, f"{strength:g}"))
        data, extension = images.under_limit(strip(tiles), limit)
        shown = ", ".join(f"{strength:g}" for strength in request.strengths)
        text = say(
            "The same picture before, and changed at the strengths {shown}: {prompt}",
            shown=shown,
            prompt=request.prompt[: MAX_ALT_TEXT // 2],
        )
        return discord.File(io.BytesIO(data), f"{COMPARED}.{extension}", description=text, spoiler=job.spoiler)

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

    def describe(self, job: JobRow, alone: PictureRow | None = None) -> str:
        """What stands above the pictures, or above one alone: the prompt, for whom, with what, what is missing."""
        say = speaker(job.locale)
        request = job.request.of_picture(alone.place) if alone else job.request
        rows = [alone] if alone else job.of_state(State.FINISHED)
        seeds = ", ".join(dict.fromkeys(str(job.seed_of(row)) for row in rows))
        facts = [self._catalogue.title(request.model), pixels(request.width, request.height)]
        if request.strength is not None:
            facts.append(say("strength {strength}", strength=f"{request.strength:g}"))
        if request.strengths:
            shown = ", ".join(f"{strength:g}" for strength in request.strengths)
            facts.append(say("strengths {shown}", shown=shown))
        if seeds and request.task is not Task.UPSCALE:
            facts.append(say("seed {seeds}", seeds=seeds))
        missing = [] if alone else self._missing(say, job)
        return "\n".join([self._title(say, job), f"-# {' · '.join(facts)}", *missing])

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


def _cut(data: bytes, place: int) -> bytes:
    """One picture out of a strip that was posted; blocks."""
    with Image.open(io.BytesIO(data)) as whole:
        scale = whole.height / (TILE + BAR + 2 * GAP)
        left, top = (value * scale for value in corner(place, place + 1))
        tile = whole.convert("RGB").crop(
            (round(left), round(top), round(left + TILE * scale), round(top + TILE * scale))
        )
    file = io.BytesIO()
    tile.save(file, "PNG")
    return file.getvalue()
