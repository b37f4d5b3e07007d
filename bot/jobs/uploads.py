"""What people send: checked, kept, and found again on messages."""

import asyncio
import io
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import time

import discord
from PIL import Image
from yarl import URL

from bot.errors import Refusal
from bot.jobs.cdn import Cdn, Remote
from bot.messages.content_credentials import ContentCredentials
from bot.requests.builder import Source
from bot.requests.sizes import pixels
from bot.store import Files
from bot.text.sanitize import escape_for_discord
from generation import Inspector, Parameters, PictureError
from generation.provenance import Provenance

MAX_SEEN = 500  # messages whose pictures are kept at hand
MAX_NAME = 60  # characters of a file's name that are shown
SPOILER = "SPOILER_"  # Discord covers files whose names begin so
SAME_SHAPE = 0.02  # by how much a mask's sides may be in another ratio than the picture's: small ones are rounded
#: types that say nothing
UNNAMED = (None, "", "application/octet-stream", "binary/octet-stream")
PICTURES = (".png", ".jpg", ".jpeg", ".jfif", ".webp", ".gif", ".avif", ".heic", ".heif", ".bmp", ".tif", ".tiff")
STATIC = (discord.StickerFormatType.png, discord.StickerFormatType.apng, discord.StickerFormatType.gif)


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePicture:
    """A picture in a message: attached, forwarded, in an embed or a link's preview, or a sticker."""

    id: int
    url: str
    filename: str
    size: int = 0
    width: int = 0
    height: int = 0
    spoiler: bool = False

    def expired(self, now: float) -> bool:
        """Whether its signed address has run out by ``now``, in seconds since 1970."""
        until = URL(self.url).query.get("ex", "")
        return bool(re.fullmatch(r"[0-9a-fA-F]{1,12}", until)) and int(until, 16) <= now


def pictures_of(attachments: Sequence[discord.Attachment]) -> list[discord.Attachment]:
    """Those that are pictures by their type or their name; if none is, those of which neither says what they are."""
    named = [each for each in attachments if _is_picture(each)]
    return named or [each for each in attachments if each.content_type in UNNAMED and _named_nothing(each.filename)]


def _named_nothing(name: str) -> bool:
    return mimetypes.guess_type(name)[0] in UNNAMED


def _is_picture(attachment: discord.Attachment) -> bool:
    kind = attachment.content_type or ""
    return kind.startswith("image/") or attachment.filename.lower().endswith(PICTURES)


def pictures_in(message: discord.Message) -> list[MessagePicture]:
    """The pictures of a message, wherever Discord puts them: files, forwarded ones, embeds, stickers, in this order."""
    parts: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    found = [_attached(each) for part in parts for each in pictures_of(part.attachments)]
    for number, embed in enumerate(each for part in parts for each in part.embeds):
        shown = embed.image if embed.image.url else embed.thumbnail
        if address := shown.proxy_url or shown.url:
            name = URL(address).name or "embed.png"
            width, height = shown.width or 0, shown.height or 0
            found.append(MessagePicture(id=message.id + number, url=address, filename=name, width=width, height=height))
    found += [
        MessagePicture(id=each.id, url=each.url, filename=f"{each.name}.png")
        for part in parts
        for each in part.stickers
        if each.format in STATIC
    ]
    return list({URL(each.url).path: each for each in found}.values())


def _attached(attachment: discord.Attachment) -> MessagePicture:
    return MessagePicture(
        id=attachment.id,
        url=attachment.url,
        filename=attachment.filename,
        size=attachment.size,
        width=attachment.width or 0,
        height=attachment.height or 0,
        spoiler=attachment.is_spoiler(),
    )


class Uploads:
    """Takes pictures in."""

    def __init__(
        self,
        client: discord.Client,
        files: Files,
        inspector: Inspector,
        cdn: Cdn,
        credentials: ContentCredentials,
    ) -> None:
        self._client = client
        self._files = files
        self._inspector = inspector
        self._cdn = cdn
        self._credentials = credentials
        #: by the message's id: its channel, and its pictures
        self._seen: dict[int, tuple[int, list[MessagePicture]]] = {}

    async def receive(self, picture: discord.Attachment | MessagePicture) -> Source:
        """Check and keep a picture that a person sent. Raises generation.PictureError."""
        spoiler = picture.is_spoiler() if isinstance(picture, discord.Attachment) else picture.spoiler
        source = await self.keep(await self._cdn.fetch(picture), picture.filename.removeprefix(SPOILER))
        return replace(source, spoiler=spoiler)

    async def text(self, attachment: discord.Attachment, most: int) -> str:
        """A text file that a person sent, of at most ``most`` bytes. Raises Refusal if it is none."""
        if attachment.size > most:
            raise Refusal("The file may have at most {most} KB.", most=most // 1024)
        try:
            return (await self._cdn.fetch(attachment, most)).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refusal("That is not a text file; save it as plain text in UTF-8.") from None

    async def parameters(self, attachment: Remote) -> Parameters | None:
        """How a picture was made, if it says so. Raises generation.PictureError."""
        return await self._inspector.parameters(await self._cdn.fetch(attachment))

    async def provenance(self, attachment: Remote) -> tuple[Parameters | None, Provenance]:
        """How a picture was made and where it comes from, as far as it says so. Raises generation.PictureError."""
        data = await self._cdn.fetch(attachment)
        known = await asyncio.to_thread(lambda: self._credentials.known)
        folder = self._credentials.watermark_folder if self._credentials.marks else None
        return await self._inspector.parameters(data), await self._inspector.provenance(data, known, folder)

    def saw(self, message: discord.Message) -> None:
        """Keep a message's pictures at hand, since not every message that is shown to us can be fetched later."""
        self._seen[message.id] = message.channel.id, pictures_in(message)
        while len(self._seen) > MAX_SEEN:
            del self._seen[next(iter(self._seen))]

    async def pictures(self, channel_id: int, message_id: int) -> list[MessagePicture]:
        """The pictures of anybody's message in this channel, as far as we may see them."""
        return await self._look(channel_id, message_id) or []

    async def attachment(self, channel_id: int, message_id: int, place: int) -> MessagePicture:
        """A picture of anybody's message. Raises Refusal if it cannot be seen."""
        pictures = await self.pictures(channel_id, message_id)
        if place >= len(pictures):
            raise Refusal("I cannot see that picture; save it and attach it to /img2img.")
        return pictures[place]

    async def receive_mask(self, picture: discord.Attachment, mask: discord.Attachment | None, source: Source) -> Path:
        """Where a picture is to be repainted: the mask that was sent, or the picture's transparent part.

        Raises Refusal if there is neither or the mask has another shape than ``source``, and generation.PictureError.
        """
        chosen = mask or picture
        data = await self._cdn.fetch(chosen)
        if mask is None and not await self._inspector.has_transparency(data):
            raise Refusal(
                "Attach a mask: a picture of the same shape, white where it should be repainted; or make that part "
                "of the picture transparent."
            )
        png = await self._inspector.open_mask(data)
        with Image.open(io.BytesIO(png)) as opened:  # only the header of a file that was written here is read
            size = opened.size
        # Which part of the picture a mask of another shape is for, nobody can know.
        if abs(size[0] * source.height / (size[1] * source.width) - 1) > SAME_SHAPE:
            raise Refusal(
                "The mask is {mask} and the picture {picture}; send a mask of the picture's shape.",
                mask=pixels(*size),
                picture=pixels(source.width, source.height),
            )
        return await asyncio.to_thread(self._files.keep_input, png)

    async def keep(self, data: bytes, name: str) -> Source:
        """Check and keep a picture's bytes. Raises generation.PictureError."""
        opened = await self._inspector.open_picture(data)
        path = await asyncio.to_thread(self._files.keep_input, opened.png)
        await asyncio.to_thread(self._files.keep_manifests, path, await self._manifests(data))
        return Source(
            path=path,
            name=escape_for_discord(name, MAX_NAME),
            width=opened.width,
            height=opened.height,
            notes=tuple(opened.notes),
        )

    async def _manifests(self, data: bytes) -> bytes:
        """The C2PA manifests that came with a picture; none if they cannot be read."""
        try:
            return await self._inspector.manifests(data)
        except PictureError:
            return b""

    async def stands(self, channel_id: int, message_id: int) -> bool:
        """Whether the message stands in this channel, as far as we may see it."""
        return await self._look(channel_id, message_id) is not None

    async def _look(self, channel_id: int, message_id: int) -> list[MessagePicture] | None:
        """The pictures of anybody's message in this channel; None if there is no such message that we may see."""
        seen_in, pictures = self._seen.get(message_id, (channel_id, None))
        if seen_in != channel_id:
            return None
        if pictures is not None and not any(picture.expired(time()) for picture in pictures):
            return pictures
        try:
            message = await self._client.get_partial_messageable(channel_id).fetch_message(message_id)
        except discord.HTTPException:
            return pictures
        return pictures_in(message)
