"""The state of the local Discord: simcord's backend with a real clock, bounded memory, and one server with members."""

import io
import re
from collections import OrderedDict, deque
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from PIL import Image
from simcord._clock import Clock
from simcord.backend import serializers
from simcord.backend.access import channel_accessible
from simcord.backend.cdn import CdnStore
from simcord.backend.models import Channel

from .backend import DiscordBackend

CDN_BYTES = 256 * 2**20  # of pictures kept; the oldest are dropped first
LOG_ENTRIES = 2000  # in each of simcord's logs

_UNUSUAL = re.compile(r"[^\w.\-]+", re.ASCII)  # in a file's name; Discord replaces it by an underscore


class RealClock(Clock):
    """The machine's time, which tests can move forward."""

    def now(self) -> datetime:
        """Return the machine's time plus what tests added."""
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)


class Cdn(CdnStore):
    """Attachments under the local address, with the width and height that Discord reports."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        self._bytes = 0
        self._blobs: OrderedDict[str, bytes] = OrderedDict()

    def store_attachment(
        self, attachment_id: int, channel_id: int, filename: str, data: bytes, description: str | None
    ) -> dict[str, Any]:
        """Store a file under an address of the local Discord, dropping the oldest beyond CDN_BYTES."""
        filename = _UNUSUAL.sub("_", filename)
        attachment = super().store_attachment(attachment_id, channel_id, filename, data, description)
        if "." not in filename:
            del attachment["content_type"]  # Discord names no type then
        del self._blobs[attachment["url"]]
        url = f"{self._base}/attachments/{channel_id}/{attachment_id}/{filename}"
        self._blobs[url] = data
        self._bytes += len(data)
        while self._bytes > CDN_BYTES:
            self._bytes -= len(self._blobs.popitem(last=False)[1])
        return {**attachment, "url": url, "proxy_url": url, **_size(data)}


def _size(data: bytes) -> dict[str, int]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            return {"width": image.width, "height": image.height}
    except (OSError, ValueError, Image.DecompressionBombError):
        return {}


class World:
    """One server with a channel and three members: an owner, a moderator and an ordinary member."""

    def __init__(self, cdn_base: str, bot_name: str, shards: int = 1) -> None:
        """The server falls to the last of so many shards."""
        self.backend = backend = DiscordBackend(RealClock())
        backend.cdn = Cdn(cdn_base)
        # simcord declares lists, which would grow for as long as the bot runs; it only appends to them.
        backend.transcript = deque(maxlen=LOG_ENTRIES)  # type: ignore[assignment]
        backend.http_requests = deque(maxlen=LOG_ENTRIES)  # type: ignore[assignment]
        backend.bot_user.name = bot_name
        #: locale of each member, as Discord's clients send it; en-US if absent
        self.locales: dict[int, str] = {}
        self.age_restricted = backend.age_restricted
        #: members whose interactions look as if the app were installed to them, not to the server
        self.user_installs: set[int] = set()
        owner = backend.make_user("olga", global_name="Olga (admin)")
        self.guild_id = backend.create_guild("Studio", owner_id=owner.id, shard_id=shards - 1, shard_count=shards).id
        self.channel_id = backend.create_channel(self.guild_id, "pictures").id
        self.bot_role = next(role for role in backend.get_guild(self.guild_id).roles.values() if role.managed)
        # Few bots are invited to manage server or threads, which would exempt them from AutoMod and open every thread.
        self.bot_role.permissions &= ~discord.Permissions(manage_guild=True, manage_threads=True).value
        everyone = backend.get_guild(self.guild_id).everyone_role
        everyone.permissions |= discord.Permissions(create_private_threads=True).value
        #: ids by name
        self.members = {"olga": owner.id}
        moderator = backend.create_role(
            self.guild_id,
            "Moderator",
            permissions=discord.Permissions(manage_messages=True, moderate_members=True).value,
        )
        self.add_member("milo", "Milo (moderator)", [moderator.id])
        self.add_member("ana", "Ana")

    def add_member(
        self, name: str, shown: str | None = None, roles: list[int] | None = None, locale: str = "en-US"
    ) -> int:
        """Add a member to the server; return their id."""
        user = self.backend.make_user(name, global_name=shown or name.title())
        self.backend.add_member(self.guild_id, user.id, roles=roles or [], announce=True)
        self.members[name] = user.id
        self.locales[user.id] = locale
        return user.id

    def add_age_restricted_channel(self, name: str) -> int:
        """Add an age-restricted channel; return its id."""
        channel = self.backend.create_channel(self.guild_id, name, announce=False)
        self.age_restricted.add(channel.id)
        self.backend.emit("CHANNEL_CREATE", serializers.channel_payload(self.backend, channel))
        return channel.id

    def channels(self, user_id: int) -> list[Channel]:
        """List the server's channels that the member sees, and last their direct messages with the bot."""
        backend = self.backend
        seen = [
            channel
            for channel in backend.channels.values()
            if channel.guild_id == self.guild_id and channel_accessible(backend, channel.id, user_id)
        ]
        # Threads stand below their channel, those that are archived last.
        seen.sort(key=lambda channel: (channel.parent_id or channel.id, _rank(channel)))
        return [*seen, backend.get_dm_channel(user_id)]


def _rank(channel: Channel) -> int:
    """Where a channel stands among itself and its threads."""
    return 0 if channel.thread_metadata is None else 2 if channel.thread_metadata.archived else 1
