"""simcord's Discord with the rules that it lacks: AutoMod for everybody, files, embeds, threads."""

import re
from collections.abc import Mapping
from typing import Any

import discord
from simcord._clock import Clock
from simcord.backend import Backend, errors
from simcord.backend.access import channel_accessible
from simcord.backend.errors import BackendError
from simcord.backend.models import Channel, Message

AUTOMOD, ARCHIVED, LOCKED = 200000, 50083, 160005  # Discord's codes
BLOCK_MESSAGE = 1  # action of an AutoMod rule

_PARTS = ("channel", "channels", "role", "roles")
_MESSAGES = re.compile(r"/channels/(\d+)/messages(?:/(?P<message>\d+)(?P<reactions>/reactions/.+)?)?$")


class DiscordBackend(Backend):
    """Refuses what Discord refuses, with its codes, whoever writes."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        #: ids of the age-restricted channels
        self.age_restricted: set[int] = set()

    def _auto_mod_blocks(self, channel: Channel, author_id: int, content: str) -> bool:
        """Raise BackendError 200000 if a rule of the server blocks these words.

        Who may manage the server is exempt, and bots are not; what a rule says of a channel holds in its threads.
        """
        guild = self.guilds.get(channel.guild_id or 0)
        if guild is None or not guild.auto_mod_rules or self.may(author_id, channel, "manage_guild"):
            return False
        roles = set(guild.members[author_id].role_ids) if author_id in guild.members else set()
        for rule in guild.auto_mod_rules.values():
            exempt = {channel.id, channel.parent_id} & set(rule.exempt_channels) or roles & set(rule.exempt_roles)
            keyword = self._auto_mod_match(rule, content) if rule.enabled and not exempt else None
            if keyword is None:
                continue
            for action in rule.actions:
                self._emit_auto_mod_execution(rule, channel, author_id, content, keyword, action)
            if any(int(action["type"]) == BLOCK_MESSAGE for action in rule.actions):
                raise BackendError(400, AUTOMOD, "Message was blocked by automatic moderation")
        return False

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        """Publish a prepared message; what only one person sees is not moderated."""
        if not message.is_ephemeral and message.system_metadata is None:
            self._auto_mod_blocks(self.get_channel(message.channel_id), message.author_id, _embedded(message.embeds))
        return super().commit_message(message, broadcast=broadcast)

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        """Edit a message, unless AutoMod blocks its new words."""
        message = self.get_message(channel_id, message_id)
        words = f"{fields.get('content') or ''}\n{_embedded(fields.get('embeds') or [])}"
        if not message.is_ephemeral:
            self._auto_mod_blocks(self.get_channel(channel_id), message.author_id, words)
        return super().edit_message(channel_id, message_id, fields)

    def may(self, user_id: int, channel: Channel, permission: str) -> bool:
        """Whether somebody has a permission in a channel; in direct messages everybody has."""
        if channel.guild_id is None:
            return True
        held = discord.Permissions(self.compute_permissions(channel.guild_id, user_id, channel.id))
        return bool(getattr(held, permission))

    def check_thread(self, user_id: int, channel: Channel, *, writes: bool) -> None:
        """Raise BackendError if somebody may not do this in a thread; whoever writes in an archived one reopens it.

        ``writes`` is false for edits and reactions, which an archived thread refuses to everybody.
        """
        state = channel.thread_metadata
        if state is None:
            return
        if not channel_accessible(self, channel.id, user_id):
            raise errors.missing_access()
        keeper = self.may(user_id, channel, "manage_threads")
        if state.archived and (not writes or (state.locked and not keeper)):
            raise BackendError(400, ARCHIVED, "Thread is archived")
        if writes and state.locked and not keeper:
            raise BackendError(400, LOCKED, "Thread is locked")
        if state.archived:
            state.archived = False
            self.announce_channel_update(channel.id)

    def check_request(self, method: str, path: str, body: Any, files: bool) -> None:
        """Raise BackendError if the bot may not do this to a channel's messages: 50001, 50013, 50083 or 160005."""
        found = _MESSAGES.match(path)
        channel = self.channels.get(int(found[1])) if found else None
        if found is None or channel is None or channel.guild_id is None or method not in ("POST", "PATCH", "PUT"):
            return
        bot = self.bot_user.id
        self.check_thread(bot, channel, writes=method == "POST")
        needed = {"attach_files": files, "embed_links": isinstance(body, Mapping) and bool(body.get("embeds"))}
        if not all(self.may(bot, channel, permission) for permission, needs in needed.items() if needs):
            raise errors.missing_permissions()

    def completed(self, payload: Any) -> Any:
        """A payload in which channels say whether they are age-restricted, and the bot's own role whose it is."""
        if isinstance(payload, list):
            return [self.completed(item) for item in payload]
        if not isinstance(payload, Mapping):
            return payload
        if payload.get("managed") and "hoist" in payload:
            return {**payload, "tags": {"bot_id": str(self.bot_user.id)}}
        parts = {key: self.completed(payload[key]) for key in _PARTS if key in payload}
        if "permission_overwrites" in payload:
            parts["nsfw"] = int(payload["id"]) in self.age_restricted
        return {**payload, **parts} if parts else payload


def _embedded(embeds: list[dict[str, Any]]) -> str:
    """The words of embeds, which AutoMod reads too."""
    return "\n".join(str(embed.get(key) or "") for embed in embeds for key in ("title", "description"))
