"""What may not be asked for: the built-in rule, the operator's and the servers' words."""

import re
from datetime import UTC, datetime

from bot.config.schema import Rules
from bot.moderation.minors import sexualises_minors
from bot.moderation.strikes import Strikes
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import JobRow, Rule, Store
from bot.text.matching import Words, plain, readings

MAX_BEFORE = 16  # pictures back, whose prompts still describe what is in this one


class Rulebook:
    """Checks prompts. Every refusal is a strike."""

    def __init__(self, rules: Rules, store: Store) -> None:
        self._store = store
        self._strikes = Strikes(rules, store)
        self._words = Words(rules.words)
        self._patterns = [re.compile(pattern) for pattern in rules.patterns]

    async def check(self, requester: Requester, built: BuiltRequest) -> None:
        """Raise Refusal if the member is timed out, or the prompt is forbidden."""
        now = datetime.now(UTC)
        await self._strikes.check(requester, now)
        if broken := await self._broken(requester, built):
            raise await self._strikes.add(requester, built.request.prompt, *broken, now)

    async def _broken(self, requester: Requester, built: BuiltRequest) -> tuple[Rule, str] | None:
        """The rule that the request breaks, and what breaks it."""
        request = built.request
        prompts = [request.prompt, *await prompts_before(self._store, built.parent)]
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


async def prompts_before(store: Store, parent: str | None) -> list[str]:
    """The prompts of the pictures that a picture was made from, oldest last."""
    prompts: list[str] = []
    while parent and len(prompts) < MAX_BEFORE:
        found: tuple[JobRow, object] | None = await store.jobs.picture(parent)
        if found is None:
            break
        prompts.append(found[0].request.prompt)
        parent = found[0].parent
    return prompts
