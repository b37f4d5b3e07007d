"""The ping that tells a member that their pictures are ready, if they may have looked away; it vanishes again."""

import logging
from collections import OrderedDict, deque
from datetime import UTC, datetime, timedelta

import discord

from bot.jobs.delivery import DELIVERY_ERRORS
from bot.messages.delivery_notices import Brought, Way
from bot.requests.requester import channels_of
from bot.store import JobRow, Ping, State, Store
from bot.text.translate import speaker

log = logging.getLogger(__name__)

LONG_WAIT = timedelta(minutes=1)  # after which a member has looked away
PING_STAYS = timedelta(minutes=10)
MANY = 5  # messages after one, behind which it is easily missed
CHANNELS = 10_000  # of which the last messages are kept; the quietest leave first


class Traffic:
    """The ids of the last messages of channels, to see whether another is buried under them."""

    def __init__(self) -> None:
        self._last: OrderedDict[int, deque[int]] = OrderedDict()

    def saw(self, channel_id: int, message_id: int) -> None:
        """A message was written."""
        self._last.setdefault(channel_id, deque(maxlen=MANY)).append(message_id)
        self._last.move_to_end(channel_id)
        while len(self._last) > CHANNELS:
            self._last.popitem(last=False)

    def buried(self, channel_id: int, message_id: int) -> bool:
        """Whether MANY messages were written after this one."""
        last = self._last.get(channel_id, deque())
        return len(last) == MANY and min(last) > message_id


class Pinger:
    """Pings members as they, or else their server, chose."""

    def __init__(self, client: discord.Client, store: Store, traffic: Traffic) -> None:
        self._client = client
        self._store = store
        self._traffic = traffic

    async def ping(self, job: JobRow, brought: Brought) -> None:
        """Ping the member once where their pictures stand in the channel, if they want that; it vanishes again."""
        public = job.guild_id and job.message_id and not job.private and brought.way is Way.HERE
        if not public or not job.of_state(State.FINISHED):
            return
        policy = self._store.policies.of(job.guild_id, channels_of(self._client.get_channel(job.channel_id)))
        choice = (await self._store.preferences.get(job.user_id)).ping or policy.ping or Ping.LONG
        long = datetime.now(UTC) - job.created_at > LONG_WAIT
        if choice == Ping.NEVER or (
            choice == Ping.LONG and not long and not self._traffic.buried(job.channel_id, job.message_id or 0)
        ):
            return
        made = len(job.of_state(State.FINISHED))
        ready = speaker(job.locale).plural("Your picture is ready.", "Your {n} pictures are ready.", made)
        text = f"<@{job.user_id}> {ready}"
        reference = discord.MessageReference(
            message_id=job.message_id or 0, channel_id=job.channel_id, fail_if_not_exists=False
        )
        allowed = discord.AllowedMentions(
            everyone=False, roles=False, replied_user=False, users=[discord.Object(job.user_id)]
        )
        channel = self._client.get_partial_messageable(job.channel_id, guild_id=job.guild_id)
        try:
            sent = await channel.send(text, reference=reference, allowed_mentions=allowed, nonce=f"{job.id}-3")
            await self._store.privacy.erase_at(job.channel_id, sent.id, datetime.now(UTC) + PING_STAYS)
        except DELIVERY_ERRORS as error:
            log.info("member %d is not pinged for job %s: %s", job.user_id, job.id, error)
