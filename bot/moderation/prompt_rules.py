"""What may not be asked for: the built-in rule, the operator's and the servers' words; strikes, and the time-outs."""

import logging
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.config.schema import Rules
from bot.errors import Refusal
from bot.moderation.minors import sexualises_minors
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import JobRow, Rule, Store, Strike
from bot.text.matching import Words, plain, readings
from bot.text.sanitize import escape_for_discord

log = logging.getLogger(__name__)

MAX_BEFORE = 16  # pictures back, whose prompts still describe what is in this one
MAX_SHOWN = 60  # characters of a forbidden word


class Rulebook:
    """Checks prompts. Every refusal is a strike; strikes lead to time-outs."""

    def __init__(self, rules: Rules, store: Store) -> None:
        self._rules = rules
        self._store = store
        self._words = Words(rules.words)
        self._patterns = [re.compile(pattern) for pattern in rules.patterns]

    async def check(self, requester: Requester, built: BuiltRequest) -> None:
        """Raise Refusal if the member is timed out, or the prompt is forbidden."""
        now = datetime.now(UTC)
        until = pause_until(await self._strikes(requester, now), self._rules.timeouts)
        if until and until > now:
            raise Refusal(
                "You used forbidden words too often; you can ask for pictures again <t:{until}:R>.",
                until=int(until.timestamp()),
            )
        if (broken := await self._broken(requester, built)) is None:
            return
        rule, word = broken
        request = built.request
        await self._store.strikes.add(
            Strike(
                interaction_id=requester.id,
                user_id=requester.user_id,
                guild_id=requester.guild_id,
                rule=rule,
                word=word,
                prompt=request.prompt,
                at=now,
            )
        )
        log.warning(
            "strike (%s) of member %d in server %s: %r",
            rule,
            requester.user_id,
            requester.guild_id or "none",
            request.prompt,
        )
        raise self._refusal(rule, word, await self._strikes(requester, now))

    async def prompts_before(self, parent: str | None) -> list[str]:
        """The prompts of the pictures that a picture was made from, oldest last."""
        prompts: list[str] = []
        while parent and len(prompts) < MAX_BEFORE:
            found: tuple[JobRow, object] | None = await self._store.jobs.picture(parent)
            if found is None:
                break
            prompts.append(found[0].request.prompt)
            parent = found[0].parent
        return prompts

    async def _broken(self, requester: Requester, built: BuiltRequest) -> tuple[Rule, str] | None:
        """The rule that the request breaks, and what breaks it."""
        request = built.request
        prompts = [request.prompt, *await self.prompts_before(built.parent)]
        if sexualises_minors(prompts, request.negative_prompt):
            return Rule.MINORS, ""
        texts = readings(request.prompt)
        if word := self._words.find(texts):
            return Rule.OPERATOR, word
        for pattern in self._patterns:
            if match := pattern.search(plain(request.prompt)):
                return Rule.OPERATOR, match[0]
        if word := Words(await self._store.forbidden.of(requester.guild_id)).find(texts):
            return Rule.SERVER, word
        return None

    async def _strikes(self, requester: Requester, now: datetime) -> list[datetime]:
        since = now - timedelta(days=self._rules.strike_days)
        return await self._store.strikes.counting(requester.user_id, requester.guild_id, since)

    def _refusal(self, rule: Rule, word: str, strikes: Sequence[datetime]) -> Refusal:
        if rule is Rule.MINORS:
            return Refusal(
                "Sexualised depictions of minors are refused always, whatever the settings; this attempt was noted for "
                "the operator."
            )
        until = pause_until(strikes, self._rules.timeouts)
        if until and until > strikes[-1]:
            return Refusal(
                "“{word}” is not allowed here. That was once too often; you can ask for pictures again <t:{until}:R>.",
                word=escape_for_discord(word, MAX_SHOWN),
                until=int(until.timestamp()),
            )
        return Refusal(
            "“{word}” is not allowed here; leave it out. Repeated attempts lead to a pause.",
            word=escape_for_discord(word, MAX_SHOWN),
        )


def pause_until(strikes: Sequence[datetime], timeouts: Sequence[int]) -> datetime | None:
    """When a member with these strikes, oldest first, may ask again; None without strikes.

    ``timeouts`` are the minutes after the first, the second, … strike; the last counts for all further.
    """
    if not strikes:
        return None
    return strikes[-1] + timedelta(minutes=timeouts[min(len(strikes), len(timeouts)) - 1])
