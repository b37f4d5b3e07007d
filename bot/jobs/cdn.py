"""Attachments' bytes, from Discord's own servers and from nowhere else."""

import asyncio
import logging
from typing import Protocol

import aiohttp
from yarl import URL

from bot.errors import Refusal
from generation import images

log = logging.getLogger(__name__)

#: of attachments and stickers, and of pictures that others' pages show in a message
HOSTS = frozenset({
    "cdn.discordapp.com", "media.discordapp.net", "images-ext-1.discordapp.net", "images-ext-2.discordapp.net"
})  # fmt: skip
SECONDS = 30.0  # for one file
CHUNK = 2**16  # bytes
OK = 200


class Remote(Protocol):
    """A file that Discord serves, such as an attachment."""

    @property
    def id(self) -> int:
        """Of the attachment, or of what shows it."""

    @property
    def url(self) -> str:
        """Where it lies."""

    @property
    def size(self) -> int:
        """In bytes; 0 if nobody says."""


class Cdn:
    """Fetches attachments over TLS, by host, without following redirects, up to a size and within a time.

    ``api`` is the address of a local Discord, whose attachments come from the same place instead; empty is the real.
    """

    def __init__(self, api: str = "", seconds: float = SECONDS) -> None:
        self._local = URL(api).origin() if api else None
        self._seconds = seconds

    async def fetch(self, attachment: Remote, most: int = images.MAX_BYTES) -> bytes:
        """An attachment's bytes.

        Raises generation.PictureError if it has more than ``most``, and Refusal if it lies elsewhere or Discord
        does not hand it out.
        """
        images.check_bytes(attachment.size, most)
        url = URL(attachment.url)
        if not self._trusted(url):
            log.warning("attachment %d is not fetched, since it lies at %s", attachment.id, url.host)
            raise Refusal("I only fetch pictures from Discord; attach the picture itself.")
        try:
            async with asyncio.timeout(self._seconds):
                return await _read(url, most)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            log.warning("attachment %d cannot be fetched: %r", attachment.id, error)
            raise Refusal("Discord did not give me that picture; attach it again.") from None

    def _trusted(self, url: URL) -> bool:
        if self._local is not None:
            return url.is_absolute() and url.origin() == self._local and url.user is None
        return url.scheme == "https" and url.host in HOSTS and url.explicit_port in (None, 443) and url.user is None


async def _read(url: URL, most: int) -> bytes:
    # Neither proxies nor passwords of the machine's are taken from the environment, and no cookies are kept.
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        if response.status != OK:
            raise aiohttp.ClientError(f"status {response.status}")
        data = bytearray()
        async for chunk in response.content.iter_chunked(CHUNK):
            data += chunk
            images.check_bytes(len(data), most)
        return bytes(data)
