"""The job's message: announcing it, putting the pictures into it, finding it again, and what is done without it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import discord

from bot.errors import Unavailable
from bot.messages.buttons import cancel_buttons, delivered_buttons
from bot.messages.content_credentials import ContentCredentials
from bot.messages.delivery_notices import Brought, Way, elsewhere, farewell, kept, settled
from bot.messages.job_message import JobMessage
from bot.moderation.output_filter import OutputFilter
from bot.store import Action, Change, JobRow, State, Store
from bot.text.sanitize import escape_for_discord
from bot.text.translate import speaker

log = logging.getLogger(__name__)

ORIGINAL: Any = "@original"  # the interaction's own answer, in place of a message's id
SMALLEST = 64 * 2**10  # bytes of a file; one that is refused at this size is not refused for its size
#: seconds that editing an interaction's answer may take, in words or with pictures: discord.py waits there for a rate
#: limit as long as Discord says, whatever the client's max_ratelimit_timeout
ANSWERED, UPLOADED = 60.0, 300.0
TOKEN_LIFE = timedelta(minutes=15)  # in which an interaction's answer can be edited
#: what a delivered message has among its buttons, the second until 0.1.0
DELIVERED = ("more", "delete")
NONCE_LIFE = timedelta(minutes=2)  # in which a nonce surely keeps a message from being sent twice
MAX_PLACE = 100  # characters of a server's name
SEARCHED = 100  # messages of a channel, on either side of what came since the job began

RATE_LIMITED, SERVER_ERROR = 429, 500
TOO_LARGE, TOO_LARGE_CODE = 413, 40005
#: the message cannot be edited, and another one may be sent: it is too old and was edited too often, or its thread was
#: archived, which a new message undoes
STALE = (30046, 50083)

#: why Discord may not have what it was sent, which is tried again or given up
DELIVERY_ERRORS = (discord.HTTPException, discord.RateLimited, aiohttp.ClientError, OSError, TimeoutError, Unavailable)

Channel = discord.PartialMessageable | discord.DMChannel
#: edits a message with content, attachments and view
Edit = Callable[..., Awaitable[object]]


def is_transient(error: discord.HTTPException) -> bool:
    """Whether the same request may be answered otherwise later: Discord has trouble, or we asked too often."""
    return error.status >= SERVER_ERROR or (error.status == RATE_LIMITED and error.code not in STALE)


class Delivery:
    """Brings jobs to their channel."""

    def __init__(
        self,
        client: discord.Client,
        store: Store,
        message: JobMessage,
        output_filter: OutputFilter,
        credentials: ContentCredentials,
    ) -> None:
        self._filter = output_filter
        self._client = client
        self._store = store
        self.credentials = credentials
        self._message = message

    async def announce(self, job: JobRow, reply_to: discord.MessageReference | None = None) -> discord.PartialMessage:
        """Say in the channel who asked for what; sent twice, it is the same message."""
        channel = self._channel(job)
        if message := await self._sent_before(channel, job, "cancel", *DELIVERED):
            await self._remember(job, message)
            return message
        say = speaker(job.locale)
        return await self._send(
            channel,
            job,
            content=f"{self._message.title(say, job)}\n-# ⏳ {say('on its way')}",
            view=cancel_buttons(job.id, say),
            reference=reply_to,
        )

    def answer(self, job: JobRow) -> Edit | None:
        """Edits the private answer of the job's interaction; None if there is none any longer."""
        if job.token is None or datetime.now(UTC) - job.created_at > TOKEN_LIFE:
            return None
        return self._original(job.token, ANSWERED)

    def message(self, job: JobRow) -> discord.PartialMessage | None:
        """The job's message; None if none is known."""
        return self._channel(job).get_partial_message(job.message_id) if job.message_id else None

    async def deliver(self, job: JobRow) -> Brought:
        """Bring the pictures to the member in the best way left, and say which.

        The ways are the job's message, a new one, a direct message, and the private answer while it lives. It may be
        tried again after any error: no way doubles what it has brought. Raises discord.HTTPException,
        discord.RateLimited, what the network raises, and FileNotFoundError if a picture's file is gone.
        """
        try:
            await self._put(job)
        except discord.HTTPException as error:
            if is_transient(error):
                raise
            now = await self._store.jobs.get(job.id)
            if now is None or now.deleted:
                return Brought()  # that is why its message is gone
            log.warning("job %s goes another way: %s", job.id, error)
            announced = self.message(now)
            brought = await self._put_elsewhere(now, error)
            await self._settle(now, announced, brought)
            return brought
        return Brought()

    async def _put_elsewhere(self, job: JobRow, error: discord.HTTPException) -> Brought:
        """Send the pictures directly, or else into the private answer; raises the direct message's error if neither."""
        try:
            return await self._put_directly(job, error)
        except discord.HTTPException as refused:
            if is_transient(refused) or job.token is None or self.answer(job) is None:
                raise
            brought = Brought(Way.PRIVATELY, error.code)
            edit = self._original(job.token, UPLOADED)
            try:
                await self._fit(
                    job, lambda files: edit(**self._finished(job, files, more=self._elsewhere(job, brought)))
                )
            except DELIVERY_ERRORS:
                raise refused from None
            return brought

    async def _settle(self, job: JobRow, announced: discord.PartialMessage | None, brought: Brought) -> None:
        """Leave no Cancel under an announcement whose pictures went elsewhere."""
        if announced is None:
            return
        say = speaker(job.locale)
        with suppress(*DELIVERY_ERRORS):
            content = f"{self._message.title(say, job)}\n-# {settled(say, brought)}"
            await announced.edit(content=content, attachments=[], view=None)

    def _elsewhere(self, job: JobRow, brought: Brought) -> str:
        guild = self._client.get_guild(job.guild_id) if job.guild_id else None
        place = escape_for_discord(guild.name, MAX_PLACE) if guild else f"<#{job.channel_id}>"
        return elsewhere(speaker(job.locale), brought, place)

    async def say_kept(self, job: JobRow, error: discord.HTTPException) -> None:
        """Tell the member, in the private answer while it lives, that no way is left for now."""
        if answer := self.answer(job):
            with suppress(*DELIVERY_ERRORS):
                await answer(content=kept(speaker(job.locale), error.code), attachments=[], view=None)

    async def delete(self, job: JobRow) -> None:
        """Take away the message and pictures of a job that is marked as deleted, except those posted by themselves."""
        if job.message_id:
            with suppress(discord.NotFound):
                await self._channel(job).get_partial_message(job.message_id).delete()
        for row in job.of_state(State.FINISHED):
            if not await self._store.jobs.posts_of(row.id):
                await asyncio.to_thread(self._store.files.picture(row.id).unlink, missing_ok=True)

    async def _put(self, job: JobRow) -> None:
        """Put the pictures where they were asked for."""
        if job.private and not job.message_id:
            edit = self._original(job.token or "", UPLOADED)
            await self._fit(job, lambda files: edit(**self._finished(job, files)))
            return
        if not job.of_state(State.FINISHED) and (job.message_id or self.answer(job)):
            await self._retract(job)
            return
        message = self.message(job) or await self.announce(job)
        try:
            await self._fit(job, lambda files: message.edit(**self._finished(job, files)))
        except discord.HTTPException as error:
            if error.code not in STALE:
                raise
            log.info("job %s gets a new message, since its own can no longer be edited: %s", job.id, error)
            await self._put_anew(self._channel(job), job)
            with suppress(discord.HTTPException):
                await message.delete()

    async def _retract(self, job: JobRow) -> None:
        """Leave no announcement of pictures that are not there, or one line if no private answer says so."""
        message = self.message(job)
        if message is None:
            return
        if self.answer(job):
            with suppress(discord.NotFound):
                await message.delete()
            return
        await message.edit(content=self._message.describe(job), attachments=[], view=None)

    async def close_answer(self, job: JobRow, brought: Brought) -> None:
        """Say in the member's private answer how it ended, unless the pictures are in it."""
        if job.private or brought.way is Way.PRIVATELY or (answer := self.answer(job)) is None:
            return
        allowed = await self._store.allowance(job.person, datetime.now(UTC))
        say = speaker(job.locale)
        lines = [farewell(say, job, brought, allowed.left, allowed.limit)]
        if not job.of_state(State.FINISHED):
            lines += self._message.missing(say, job)
        text = "\n".join(lines)
        try:
            await answer(content=text, attachments=[], view=None)
        except DELIVERY_ERRORS as error:
            log.info("the private answer of job %s cannot be edited any longer: %s", job.id, error)

    def _original(self, token: str, seconds: float) -> Edit:
        """Edits an interaction's own answer; raises TimeoutError if that takes longer."""
        webhook = discord.Webhook.partial(self._client.application_id or 0, token, client=self._client)

        async def edit(**fields: Any) -> None:
            async with asyncio.timeout(seconds):
                await webhook.edit_message(ORIGINAL, **fields)

        return edit

    async def _put_directly(self, job: JobRow, error: discord.HTTPException) -> Brought:
        """Send the pictures in a direct message; raises the channel's error if they may not be shown there."""
        channel = await (await self._client.fetch_user(job.user_id)).create_dm()
        for row in job.of_state(State.FINISHED):
            data = await asyncio.to_thread(self._store.files.picture(row.id).read_bytes)
            if not await self._filter.allows(channel.id, data):
                raise error
        brought = Brought(Way.DIRECTLY, error.code)
        message = await self._put_anew(channel, job, self._elsewhere(job, brought))
        return replace(brought, link=message.jump_url)

    async def _put_anew(self, channel: Channel, job: JobRow, more: str = "") -> discord.PartialMessage:
        """A further message with the pictures, which is the job's from now on."""
        if message := await self._sent_before(channel, job, *DELIVERED):
            await self._remember(job, message)
            return message
        sent: list[discord.PartialMessage] = []

        async def send(files: list[discord.File]) -> None:
            sent.append(await self._send(channel, job, again=True, **self._finished(job, files, "files", more)))

        await self._fit(job, send)
        return sent[-1]

    async def _send(
        self, channel: Channel, job: JobRow, *, again: bool = False, **fields: Any
    ) -> discord.PartialMessage:
        """Send the job's message, and remember it; within minutes its nonce keeps it from being sent twice."""
        message = await channel.send(
            **fields,
            nonce=f"{job.id}-2" if again else job.id,
            allowed_mentions=discord.AllowedMentions.none(),
            suppress_embeds=True,
        )
        partial = channel.get_partial_message(message.id)
        await self._remember(job, partial)
        return partial

    async def _remember(self, job: JobRow, message: discord.PartialMessage) -> None:
        """Store the job's message; one that was sent while the job was deleted is taken away."""
        if not await self._store.jobs.set_message(job.id, message.channel.id, message.id):
            await message.delete()

    async def _sent_before(self, channel: Channel, job: JobRow, *actions: str) -> discord.PartialMessage | None:
        """The job's message with one of these buttons, which an earlier run sent and was killed before it knew of it.

        Only after its nonce has expired, and if we may read what we wrote.
        """
        custom_ids = {f"job:{action}:{job.id}" for action in actions}
        if abs(datetime.now(UTC) - job.created_at) < NONCE_LIFE:
            return None
        with suppress(discord.Forbidden):
            for since in (discord.Object(job.interaction_id), None):
                async for message in channel.history(limit=SEARCHED, after=since):
                    if message.id != job.message_id and custom_ids & _custom_ids(message):
                        return channel.get_partial_message(message.id)
        return None

    def _finished(
        self, job: JobRow, files: list[discord.File], key: str = "attachments", more: str = ""
    ) -> dict[str, Any]:
        view = delivered_buttons(job, speaker(job.locale), self._message.costs_of(job))
        content = "\n".join(filter(None, [self._message.describe(job), more and f"-# {more}"]))
        return {"content": content, "view": view, key: files}

    async def _fit(self, job: JobRow, send: Callable[[list[discord.File]], Awaitable[object]]) -> None:
        """Send the pictures, in fewer bytes if Discord finds them too large."""
        limit, prompt = job.upload_limit, await self._store.preferences.prompt_in_files(job.user_id)
        while True:
            files = await asyncio.to_thread(self._message.files, job, limit, prompt=prompt)
            await self._report_trouble()
            try:
                await send(files)
            except discord.HTTPException as error:
                if limit < SMALLEST or (error.status != TOO_LARGE and error.code != TOO_LARGE_CODE):
                    raise
                limit //= 2
            else:
                return

    async def _report_trouble(self) -> None:
        """Tell the operator, in the log and its channel, that pictures leave unsigned."""
        if trouble := self.credentials.take_trouble():
            change = Change(
                actor_id=self._client.application_id or 0, guild_id=None, at=datetime.now(UTC), by_operator=False
            )
            await self._store.audit.add(change, Action.UNSIGNED, trouble)

    def _channel(self, job: JobRow) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)


def _custom_ids(message: discord.Message) -> set[str]:
    parts = [part for row in message.components for part in getattr(row, "children", ())]
    return {part.custom_id for part in parts if getattr(part, "custom_id", None)}
