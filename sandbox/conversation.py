"""What people do with messages and threads besides using a bot: write, reply, react, forward, talk apart."""

import re
from collections.abc import Sequence

from simcord.backend import serializers
from simcord.backend.access import channel_accessible, reaction_permissions
from simcord.backend.models import AllowedMentions, Channel, Message
from simcord.enums import ChannelType

from .interaction_data import CannotDoError, File
from .world import World

FORWARD = 1  # a reference's type
THREAD_NAME = 100  # characters

_ADDRESS = re.compile(r"https?://[^\s<>]+")
_USER = re.compile(r"<@!?(\d+)>")


class Talk:
    """Acts for members of the server. Raises CannotDoError or BackendError if a real person could not do the same."""

    def __init__(self, world: World, upload_limit: int) -> None:
        self._world = world
        self.upload_limit = upload_limit

    def say(
        self,
        user_id: int,
        channel_id: int,
        text: str,
        files: Sequence[File] = (),
        reply_to: int | None = None,
        *,
        mention: bool = True,
    ) -> Message:
        """Write a message, or reply to one, with or without mentioning its author."""
        backend, channel = self._world.backend, self._may_write(user_id, channel_id)
        if files and not backend.may(user_id, channel, "attach_files"):
            raise CannotDoError("you may not attach files here")
        if any(len(data) > self.upload_limit for _, data in files):
            raise CannotDoError(f"a file may have at most {self.upload_limit // 2**20} MiB")
        if not text.strip() and not files:
            raise CannotDoError("a message needs words or a file")
        reference = None
        if reply_to:
            reference = backend.normalize_message_reference(
                channel_id, {"channel_id": str(channel_id), "message_id": str(reply_to)}
            )
        self._call_in(channel, text)
        message = backend.create_message(
            channel_id,
            user_id,
            text,
            reference=reference,
            attachments=backend.store_attachments(channel_id, list(files)),
            allowed_mentions=AllowedMentions(replied_user=mention),
        )
        self._preview(user_id, channel, message)
        return message

    def react(self, user_id: int, message: Message, emoji: str) -> None:
        """Add a reaction to a message, or take one's own back."""
        backend, channel = self._world.backend, self._seen(user_id, message)
        backend.check_thread(user_id, channel, writes=False)
        reaction = message.reaction_for(emoji)
        adds = reaction is None or user_id not in reaction.user_ids
        needed = reaction_permissions(message, emoji, reacted=adds)
        backend.require_permissions(channel.guild_id, user_id, channel.id, *needed)
        backend.set_reaction(channel.id, message.id, emoji, user_id, adds)

    def forward(self, user_id: int, message: Message, channel_id: int) -> Message:
        """Forward a message to a channel; of one that was forwarded itself, its original."""
        backend = self._world.backend
        while message.reference and message.reference["type"] == FORWARD:
            message = backend.get_message(int(message.reference["channel_id"]), int(message.reference["message_id"]))
        self._may_write(user_id, channel_id)
        reference = {"type": FORWARD, "channel_id": str(message.channel_id), "message_id": str(message.id)}
        return backend.create_message(channel_id, user_id, reference=reference)

    def start_thread(self, user_id: int, channel_id: int, name: str, *, private: bool = False) -> Channel:
        """Open a thread in a channel; only who is mentioned in a private one joins it."""
        backend, name = self._world.backend, name.strip()
        parent = backend.get_channel(channel_id)
        kind = "private" if private else "public"
        backend.require_permissions(parent.guild_id, user_id, channel_id, f"create_{kind}_threads")
        if not 1 <= len(name) <= THREAD_NAME:
            raise CannotDoError(f"a thread's name has 1 to {THREAD_NAME} characters")
        if parent.guild_id is None or parent.is_thread:
            raise CannotDoError("threads are opened in the server's channels")
        thread_type = ChannelType.PRIVATE_THREAD if private else ChannelType.PUBLIC_THREAD
        return backend.create_thread(channel_id, name, user_id, type=thread_type)

    def close_thread(self, user_id: int, thread_id: int, *, locked: bool = False) -> None:
        """Archive a thread; a ``locked`` one is only opened again by those who manage threads."""
        backend = self._world.backend
        thread = backend.get_thread(thread_id)
        keeper = backend.may(user_id, thread, "manage_threads")
        if not channel_accessible(backend, thread_id, user_id) or not (
            keeper or (user_id == thread.owner_id and not locked)
        ):
            raise CannotDoError("only who opened a thread or manages threads may close it, and only the latter lock it")
        backend.edit_channel(thread_id, {}, thread_metadata={"archived": True, "locked": locked})

    def _may_write(self, user_id: int, channel_id: int) -> Channel:
        backend = self._world.backend
        channel = backend.get_channel(channel_id)
        writes = "send_messages_in_threads" if channel.is_thread else "send_messages"
        backend.require_permissions(channel.guild_id, user_id, channel_id, writes)
        backend.check_thread(user_id, channel, writes=True)
        return channel

    def _seen(self, user_id: int, message: Message) -> Channel:
        """The channel of a message, if the member sees both."""
        stored = self._world.backend.messages.get(message.channel_id, {}).get(message.id)
        visible = stored and stored.visible_to(user_id)
        if not visible or not channel_accessible(self._world.backend, message.channel_id, user_id):
            raise CannotDoError("this member cannot see that message")
        return self._world.backend.get_channel(message.channel_id)

    def _call_in(self, channel: Channel, text: str) -> None:
        """Let those who are mentioned in a private thread join it."""
        backend = self._world.backend
        if channel.type != ChannelType.PRIVATE_THREAD or channel.parent_id is None:
            return
        for user_id in map(int, _USER.findall(text)):
            if channel_accessible(backend, channel.parent_id, user_id):
                backend.add_thread_member(channel.id, user_id)

    def _preview(self, user_id: int, channel: Channel, message: Message) -> None:
        """Show pictures whose addresses are in the message, as Discord does a moment after it is posted.

        Only those that this local Discord has: it reaches no other address.
        """
        backend = self._world.backend
        addresses = [url for url in _ADDRESS.findall(message.content) if backend.cdn.get(url)]
        if not addresses or not backend.may(user_id, channel, "embed_links"):
            return
        message.embeds = [
            {"type": "image", "url": url, "thumbnail": {"url": url, "proxy_url": url}} for url in addresses
        ]
        backend.emit("MESSAGE_UPDATE", dict(serializers.message_payload(backend, message)))
