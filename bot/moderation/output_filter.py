"""The output filter: which pictures may be shown where, by the policy of their channel."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import discord

from bot.config import Config
from bot.config.schema import Filter
from bot.errors import Refusal
from bot.moderation.minors import names_minors
from bot.moderation.prompt_rules import prompts_before
from bot.requests.requester import channels_of
from bot.store import Action, Blocking, Change, JobRow, Store
from generation import Inspector, PictureError

log = logging.getLogger(__name__)

MAX_SEEN = 10_000  # channels
HIDDEN = "___hidden___"  # name of every channel that a bot may not view, since November 2026
SECONDS = 10.0  # for a look at a picture of ours; usually a twentieth of a second


class Blocked(Refusal):
    """The output filter blocks a picture; ``seen`` is the class that it saw, empty if it could not look."""

    def __init__(self, template: str, seen: str = "") -> None:
        super().__init__(template)
        self.seen = seen


class OutputFilter:
    """Looks at every picture before it is shown; what it could not look at is not shown."""

    def __init__(
        self, client: discord.Client, config: Config, store: Store, inspector: Inspector | None = None
    ) -> None:
        self._client = client
        self._policy = config.filter
        self._store = store
        #: whether channels are age-restricted, by their ids, as interactions showed them
        self._seen: dict[int, bool] = {}
        # A second one, so that nobody's uploads make others wait for their pictures.
        self._inspector = inspector or Inspector(seconds=SECONDS)

    async def check_made(self, job: JobRow, data: bytes) -> None:
        """Raise Blocked if a picture that was made for a job may not be shown."""
        prompts = [job.request.prompt, *await prompts_before(self._store, job.parent)]
        try:
            await self.check(job.channel_id, data, prompts)
        except Blocked as blocked:
            log.info("a picture of job %s is blocked: %s", job.id, blocked.seen or "unseen", extra={"job": job.id})
            made = Change(actor_id=job.user_id, guild_id=job.guild_id, at=datetime.now(UTC), by_operator=False)
            await self._store.audit.add(made, Action.HELD, blocked.seen)
            raise

    async def check(self, channel_id: int, data: bytes, prompts: Sequence[str] = ()) -> None:
        """Raise Blocked if an encoded picture may not be shown in a channel.

        If ``prompts`` name minors, the usual policy counts whatever the operator set.
        """
        try:
            found = await self._inspector.look(data)
        except PictureError as error:
            log.error("a picture could not be looked at, so it is blocked: %s", error)
            raise Blocked("The output filter could not look at the picture, so it is not shown; try again.") from None
        usual = Filter().strict if names_minors(prompts) else {}
        if seen := too_much(found, usual) or too_much(found, await self._scores(channel_id)):
            raise Blocked("The output filter blocked the picture: it may show more than this channel allows.", seen)

    async def allows(self, channel_id: int, data: bytes) -> bool:
        """Whether an encoded picture may be shown in a channel."""
        try:
            await self.check(channel_id, data)
        except Blocked as blocked:
            # Mostly a preview, in whose noise the filter sees what the finished picture has not.
            log.debug("a preview or copy for channel %d is left out: %s", channel_id, blocked.seen)
            return False
        return True

    async def close(self) -> None:
        """End what looks at pictures."""
        await self._inspector.close()

    def saw(self, channel: object) -> None:
        """Remember whether a channel is age-restricted that an interaction showed us.

        A thread that is private, or was archived at the start, is known from nowhere else; a hidden channel is nothing.
        """
        if isinstance(channel, RESTRICTABLE):
            self._seen[channel.id] = channel.is_nsfw()
            while len(self._seen) > MAX_SEEN:
                del self._seen[next(iter(self._seen))]

    async def _scores(self, channel_id: int) -> Mapping[str, float]:
        """The policy of the channel; a thread has its channel's, and one that we do not know the strict one."""
        if self._policy.age_restricted == "strict" and not self._store.policies.any_blocking():
            return self._policy.strict
        # What was resumed after a restart may be finished before we hear of the channels.
        await self._client.wait_until_ready()
        channel = self._client.get_channel(channel_id)
        guild = getattr(channel, "guild", None)
        chosen = self._store.policies.of(guild.id if guild else None, channels_of(channel)).blocking
        if chosen in (Blocking.STRICT, Blocking.TIGHT):
            return _tightened(self._policy, half=chosen is Blocking.TIGHT)
        if isinstance(channel, RESTRICTABLE):
            # A channel that we may not view comes without facts; discord.py does not read its flag yet.
            restricted = channel.is_nsfw() and getattr(channel, "name", "") != HIDDEN
        else:
            restricted = self._seen.get(channel_id, False)
        return self._policy.scores(age_restricted=restricted)


#: kinds of channels that can be age-restricted
RESTRICTABLE = (
    discord.TextChannel,
    discord.VoiceChannel,
    discord.StageChannel,
    discord.ForumChannel,
    discord.Thread,
)


def _tightened(policy: Filter, *, half: bool) -> Mapping[str, float]:
    """The strict policy with all classes that usually count, if ``half`` from half their scores."""
    scores = {**Filter().strict, **policy.strict}
    return {label: score / 2 for label, score in scores.items()} if half else scores


def too_much(found: Mapping[str, float], scores: Mapping[str, float]) -> str:
    """The class that is seen most above its score, empty if there is none."""
    over = {label: found[label] - least for label, least in scores.items() if found.get(label, -1.0) >= least}
    return max(over, key=lambda label: over[label], default="")
