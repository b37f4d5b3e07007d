"""The Discord client: it holds the services that commands and components use, and knows none of them."""

import asyncio
import gc
import logging
from datetime import timedelta
from typing import TypeAlias

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
from bot.jobs.progress import ProgressBoard
from bot.jobs.uploads import Uploads
from bot.moderation.admission import AdmissionControl
from bot.moderation.policy import Moderation
from bot.store import Store
from generation import Catalogue, Inspector, Service

log = logging.getLogger(__name__)

#: only what replies need; the privileged Message Content intent is not among it
INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, guild_reactions=True, dm_reactions=True)

LONGEST_WAIT = 60.0  # seconds that a request waits for a rate limit; beyond that, the outbox tries again


class Client(discord.Client):
    """Connects the services with each other and with Discord."""

    def __init__(self, config: Config, store: Store, service: Service, catalogue: Catalogue) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice here, so nothing to warn of
        super().__init__(
            intents=INTENTS,
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            max_ratelimit_timeout=LONGEST_WAIT,
        )
        self.config = config
        self.store = store
        self.service = service
        self.catalogue = catalogue
        self.admission = AdmissionControl(config, store)
        self.inspector = Inspector()
        self.moderation = Moderation(self, config, store)
        cdn = Cdn(config.discord.api)
        self.uploads = Uploads(self, store.files, self.inspector, cdn)
        delivery = Delivery(self, store, catalogue, cdn, self.moderation)
        outbox = Outbox(store, service, delivery, timedelta(days=config.storage.keep_days))
        board = ProgressBoard(service, self.moderation)
        self._events = EventConsumer(store, service, self.moderation, board, outbox)
        self.library = PictureLibrary(store, delivery, self.uploads, self.moderation, self._events)
        self.manager = JobManager(config, store, service, self.moderation, delivery, self._events)
        self._consuming: asyncio.Task[None] | None = None
        #: of the members who chose one with /settings: Discord's code by user id
        self.languages: dict[int, str] = {}

    async def setup_hook(self) -> None:
        """Get everything ready before the gateway is connected, so that the first command finds it so."""
        self.languages = await self.store.preferences.languages()
        await self.manager.resume()
        # What is here by now stays: looked at by each full collection, it would delay every answer.
        gc.collect()
        gc.freeze()
        self._consuming = asyncio.create_task(self._events.run())

    async def on_ready(self) -> None:
        """Log each connection, the first and those after an outage."""
        log.info("connected as %s to %d servers", self.user, len(self.guilds))

    async def close(self) -> None:
        """Stop the manager first, so that nothing is half done when the connection goes."""
        await self.manager.close()
        await self.inspector.close()
        await self.moderation.close()
        await super().close()


Interaction: TypeAlias = discord.Interaction[Client]


def use_local_discord(api: str) -> None:
    """Send everything to a local Discord at ``api``; the configuration made sure that it is on this machine."""
    discord.http.Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = URL(api.replace("http://", "ws://", 1)).origin() / "gateway"
