"""The Discord client: it holds the services that commands and components use, and knows none of them."""

import asyncio
import gc
import logging
from datetime import timedelta
from time import monotonic
from typing import TypeAlias

import aiohttp
import discord
from discord.gateway import DiscordWebSocket
from yarl import URL

from bot.config import Config
from bot.jobs.cdn import Cdn
from bot.jobs.delivery import Delivery
from bot.jobs.events import EventConsumer
from bot.jobs.library import PictureLibrary
from bot.jobs.manager import JobManager
from bot.jobs.outbox import Outbox
from bot.jobs.ping import Pinger, Traffic
from bot.jobs.progress import ProgressBoard
from bot.jobs.rest_limit import RestLimit
from bot.jobs.uploads import Uploads
from bot.messages.content_credentials import ContentCredentials
from bot.messages.job_message import JobMessage
from bot.metrics import Metrics
from bot.moderation.admission import AdmissionControl
from bot.moderation.output_filter import OutputFilter
from bot.moderation.request_check import RequestCheck
from bot.store import Store
from generation import Catalogue, Inspector, Service

log = logging.getLogger(__name__)

#: only what replies need; the privileged Message Content intent is not among it
INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, dm_reactions=True)

MAX_LANGUAGES = 10_000  # members whose Discord's language is remembered
BETWEEN_SESSIONS = 5.0  # seconds
LONGEST_WAIT = 60.0  # seconds that a request waits for a rate limit; beyond that, the outbox tries again


class SessionPace:
    """When sessions of shards may begin. Pure.

    Those whose numbers agree modulo ``max_concurrency`` begin five seconds apart:
    https://docs.discord.com/developers/events/gateway#sharding-max-concurrency
    """

    def __init__(self, max_concurrency: int = 1) -> None:
        self._max_concurrency = max_concurrency
        #: when the next session of each remainder may begin
        self._next: dict[int, float] = {}

    def reserve(self, shard_id: int, now: float) -> float:
        """Seconds until the shard's session may begin, which is then counted; ``now`` of any steady clock."""
        key = shard_id % self._max_concurrency
        begins = max(now, self._next.get(key, now))
        self._next[key] = begins + BETWEEN_SESSIONS
        return begins - now


class Client(discord.AutoShardedClient):
    """Connects the services with each other and with Discord, by as many shards as that recommends."""

    def __init__(
        self,
        config: Config,
        store: Store,
        service: Service,
        catalogue: Catalogue,
        credentials: ContentCredentials,
    ) -> None:
        self.metrics = Metrics()
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice here, so nothing to warn of
        limit = RestLimit()
        super().__init__(
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_WAIT,
            http_trace=_counting(limit.trace(), self.metrics),
        )
        self.config = config
        self.store = store
        self.service = service
        self.catalogue = catalogue
        self.credentials = credentials
        self.admission = AdmissionControl(config, store)
        self.inspector = Inspector()
        self.output_filter = OutputFilter(self, config, store)
        cdn = Cdn(config.discord.api)
        self.uploads = Uploads(self, store.files, self.inspector, cdn, credentials)
        self.traffic = Traffic()
        message = JobMessage(store.files, catalogue, credentials)
        delivery = Delivery(self, store, message, self.output_filter, credentials)
        pinger = Pinger(self, store, self.traffic)
        outbox = Outbox(store, service, delivery, pinger, timedelta(days=config.storage.keep_days), self.metrics)
        board = ProgressBoard(service, self.output_filter, credentials, limit)
        self._events = EventConsumer(store, service, self.output_filter, board, outbox, self.metrics)
        self.library = PictureLibrary(self, store, message, cdn, self.uploads, self.output_filter, self._events)
        check = RequestCheck(config.rules, store, self.output_filter)
        self.manager = JobManager(config, store, service, check, delivery, self._events, self.metrics)
        self._consuming: asyncio.Task[None] | None = None
        self._sessions = SessionPace()
        #: of the members who chose one with /settings: Discord's code by user id
        self.languages: dict[int, str] = {}
        #: of the members who used a command or a button last: their Discord's, which messages do not tell
        self.seen_languages: dict[int, str] = {}

    async def setup_hook(self) -> None:
        """Get everything ready before the gateway is connected, so that the first command finds it so."""
        limits = await self.fetch_session_start_limits()
        self._sessions = SessionPace(limits.max_concurrency)
        self.languages = await self.store.preferences.languages()
        await self.manager.resume()
        # What is here by now stays: looked at by each full collection, it would delay every answer.
        gc.collect()
        gc.freeze()
        self._consuming = asyncio.create_task(self._events.run())

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002 - discord.py's signature
        """Begin as many sessions at once as Discord allows; discord.py allows itself one in five seconds."""
        await asyncio.sleep(self._sessions.reserve(shard_id or 0, monotonic()))

    def saw_language(self, user_id: int, code: str) -> None:
        """Remember the language of a member's Discord, forgetting those of members who were not seen for long."""
        self.seen_languages.pop(user_id, None)
        self.seen_languages[user_id] = code
        while len(self.seen_languages) > MAX_LANGUAGES:
            del self.seen_languages[next(iter(self.seen_languages))]

    async def on_ready(self) -> None:
        """Log each connection, the first and those after an outage, once all shards are there."""
        log.info("connected as %s to %d servers by %d shards", self.user, len(self.guilds), self.shard_count or 1)

    async def close(self) -> None:
        """Stop the manager first, so that nothing is half done when the connection goes."""
        await self.manager.close()
        await self.inspector.close()
        await self.output_filter.close()
        await super().close()


def _counting(trace: aiohttp.TraceConfig, metrics: Metrics) -> aiohttp.TraceConfig:
    """Count Discord's answers by their status, too; 429 is a rate limit."""

    async def on_end(_session: object, _context: object, ended: aiohttp.TraceRequestEndParams) -> None:
        metrics.answered(ended.response.status)

    trace.on_request_end.append(on_end)
    return trace


Interaction: TypeAlias = discord.Interaction[Client]


def use_local_discord(api: str) -> None:
    """Send everything to a local Discord at ``api``; the configuration made sure that it is on this machine."""
    discord.http.Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = URL(api.replace("http://", "ws://", 1)).origin() / "gateway"
