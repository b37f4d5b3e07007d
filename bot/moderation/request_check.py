"""Whether a request may be made: by the server's policy, the rules on prompts, and the filter of its inputs."""

import asyncio

from bot.config.schema import Rules
from bot.moderation.output_filter import OutputFilter
from bot.moderation.prompt_rules import Rulebook
from bot.moderation.server_policy import check_server_policy
from bot.requests.builder import BuiltRequest
from bot.requests.requester import Requester
from bot.store import Store


class RequestCheck:
    """Checks every request before it is accepted."""

    def __init__(self, rules: Rules, store: Store, output_filter: OutputFilter) -> None:
        self._store = store
        self._filter = output_filter
        self._rulebook = Rulebook(rules, store)

    async def check(self, requester: Requester, built: BuiltRequest) -> None:
        """Raise Refusal if the server's admins or the rules forbid it, or an input may not be shown there."""
        check_server_policy(self._store.policies.of(requester.guild_id, requester.channels), requester, built.request)
        await self._rulebook.check(requester, built)
        for path in built.request.images:
            if await asyncio.to_thread(path.exists):
                await self._filter.check(requester.channel_id, await asyncio.to_thread(path.read_bytes))
