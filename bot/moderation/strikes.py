"""Strikes: what a forbidden prompt brings whoever asked for it, and the pauses that follow."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.config.schema import Rules
from bot.errors import Refusal
from bot.requests.requester import Requester
from bot.store import Rule, Store, Strike
from bot.text.sanitize import escape_for_discord

log = logging.getLogger(__name__)

MAX_SHOWN = 60  # characters of a forbidden word


class Strikes:
    """Counts them by the operator's rules: for how many days, and how long each pause is."""

    def __init__(self, rules: Rules, store: Store) -> None:
        self._rules = rules
        self._store = store

    async def check(self, requester: Requester, now: datetime) -> None:
        """Raise Refusal while the member has to pause."""
        until = pause_until(await self._counting(requester, now), self._rules.timeouts)
        if until and until > now:
            raise Refusal(
                "You used forbidden words too often; you can ask for pictures again <t:{until}:R>.",
                until=int(until.timestamp()),
            )

    async def add(self, requester: Requester, prompt: str, rule: Rule, word: str, now: datetime) -> Refusal:
        """Note a strike; returns what the member is answered."""
        await self._store.strikes.add(
            Strike(
                interaction_id=requester.id,
                user_id=requester.user_id,
                guild_id=requester.guild_id,
                rule=rule,
                word=word,
                prompt=prompt,
                at=now,
            )
        )
        # The prompt stands in the strikes' table, from which its member can delete it, and nowhere in the log.
        log.warning("strike (%s) of member %d in server %s", rule, requester.user_id, requester.guild_id or "none")
        return self._refusal(rule, word, await self._counting(requester, now))

    async def _counting(self, requester: Requester, now: datetime) -> list[datetime]:
        since = now - timedelta(days=self._rules.strike_days)
        return await self._store.strikes.counting(requester.user_id, requester.guild_id, since)

    def _refusal(self, rule: Rule, word: str, strikes: Sequence[datetime]) -> Refusal:
        if rule is Rule.MINORS:
            return Refusal(
                "Sexualised depictions of minors are always refused, whatever the settings; this attempt was noted "
                "for the operator."
            )
        until = pause_until(strikes, self._rules.timeouts)
        if until and until > strikes[-1]:
            return Refusal(
                "“{word}” is not allowed here. That was one time too many; you can ask for pictures again "
                "<t:{until}:R>.",
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
