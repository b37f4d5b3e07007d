"""What people send: checked, kept, and found again on messages."""

import asyncio
from pathlib import Path

import discord

from bot.errors import Refusal
from bot.jobs.cdn import Cdn
from bot.requests.builder import Source
from bot.store import Files
from bot.text.sanitize import escape_for_discord
from generation import Inspector, Parameters

MAX_SEEN = 500  # messages whose attachments are kept at hand
MAX_NAME = 60  # characters of a file's name that are shown


def pictures_of(attachments: list[discord.Attachment]) -> list[discord.Attachment]:
    """Those that are pictures by their type, or may be where Discord names none."""
    return [each for each in attachments if each.content_type is None or each.content_type.startswith("image/")]


class Uploads:
    """Takes pictures in."""

    def __init__(self, client: discord.Client, files: Files, inspector: Inspector, cdn: Cdn) -> None:
        self._client = client
        self._files = files
        self._inspector = inspector
        self._cdn = cdn
        #: by the message's id: its channel, and what is attached
        self._seen: dict[int, tuple[int, list[discord.Attachment]]] = {}

    async def receive(self, attachment: discord.Attachment) -> Source:
        """Check and keep a picture that a person sent. Raises generation.PictureError."""
        return await self.keep(await self._cdn.fetch(attachment), attachment.filename)

    async def parameters(self, attachment: discord.Attachment) -> Parameters | None:
        """How a picture was made, where it says so. Raises generation.PictureError."""
        return await self._inspector.parameters(await self._cdn.fetch(attachment))

    def saw(self, message: discord.Message) -> None:
        """Keep a message's attachments at hand, since not every message that is shown to us can be fetched later."""
        self._seen[message.id] = message.channel.id, message.attachments
        while len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]

    async def attachment(self, channel_id: int, message_id: int, place: int) -> discord.Attachment:
        """A picture of anybody's message. Raises Refusal where it cannot be seen."""
        pictures = pictures_of(await self._look(channel_id, message_id) or [])
        if place >= len(pictures):
            raise Refusal("I cannot see that picture; save it and attach it to /img2img.")
        return pictures[place]

    async def receive_mask(self, picture: discord.Attachment, mask: discord.Attachment | None) -> Path:
        """Where a picture is to be made anew: the mask that was sent, or the picture's transparent part.

        Raises Refusal where there is neither, and generation.PictureError.
        """
        chosen = mask or picture
        data = await self._cdn.fetch(chosen)
        if mask is None and not await self._inspector.has_transparency(data):
            raise Refusal(
                "Attach a mask: a picture of the same shape, white where it is to be made anew; or make that part of "
                "the picture transparent."
            )
        png = await self._inspector.open_mask(data)
        return await asyncio.to_thread(self._files.keep_input, png)

    async def keep(self, data: bytes, name: str) -> Source:
        """Check and keep a picture's bytes. Raises generation.PictureError."""
        opened = await self._inspector.open_picture(data)
        path = await asyncio.to_thread(self._files.keep_input, opened.png)
        return Source(
            path=path,
            name=escape_for_discord(name, MAX_NAME),
            width=opened.width,
            height=opened.height,
            notes=tuple(opened.notes),
        )

    async def stands(self, channel_id: int, message_id: int) -> bool:
        """Whether the message stands in this channel, as far as we may see it."""
        return await self._look(channel_id, message_id) is not None

    async def _look(self, channel_id: int, message_id: int) -> list[discord.Attachment] | None:
        """What is attached to anybody's message in this channel; None where there is none that we may see."""
        seen_in, attachments = self._seen.get(message_id, (channel_id, None))
        if seen_in != channel_id:
            return None
        if attachments is not None:
            return attachments
        try:
            message = await self._client.get_partial_messageable(channel_id).fetch_message(message_id)
        except discord.HTTPException:
            return None
        return message.attachments
