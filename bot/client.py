"""The Discord client: start-up, command sync, replies, and the one error handler."""

import asyncio
import gc
import hashlib
import json
import logging
from typing import Any

import discord
from discord import app_commands
from discord.gateway import DiscordWebSocket
from yarl import URL

from bot.background.profile import describe_itself
from bot.commands import COMMANDS
from bot.components.audit import AuditButton
from bot.components.history import HistoryButton
from bot.components.job import JobButton
from bot.components.message_menu import WhichSelect
from bot.components.modals.prompt_help import PromptButton
from bot.components.modals.submitted import on_modal_submit
from bot.components.models import ModelsButton, ModelSelect
from bot.components.pick import PickSelect
from bot.components.picture import PictureButton
from bot.components.privacy import DeleteDataButton
from bot.components.replies import answer_reply
from bot.config import Config
from bot.interactions.errors import answer_error
from bot.jobs.cdn import Cdn
from bot.jobs.delivery import Delivery
from bot.jobs.library import PictureLibrary
from bot.jobs.manager import JobManager
from bot.jobs.uploads import Uploads
from bot.messages.credentials import ContentCredentials
from bot.moderation.admission import AdmissionControl, admitted
from bot.moderation.policy import Moderation
from bot.store import Store
from bot.text.translate import CommandTranslator
from generation import Catalogue, Inspector, Service

log = logging.getLogger(__name__)

#: only what replies need; the privileged Message Content intent is not among it
INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)

LONGEST_WAIT = 60.0  # seconds that a request is held back by a rate limit; beyond it is tried again from the outbox

#: buttons and menus that work after a restart; each stands behind the gate
ITEMS: tuple[type[discord.ui.DynamicItem[Any]], ...] = (
    DeleteDataButton,
    JobButton,
    PictureButton,
    PickSelect,
    HistoryButton,
    WhichSelect,
    PromptButton,
    ModelsButton,
    ModelSelect,
    AuditButton,
)


class Criar(discord.Client):
    """The bot."""

    def __init__(
        self,
        config: Config,
        store: Store,
        service: Service,
        catalogue: Catalogue,
        credentials: ContentCredentials,
    ) -> None:
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
        self.credentials = credentials
        self.admission = AdmissionControl(config, store)
        self.inspector = Inspector()
        cdn = Cdn(config.discord.api)
        self.uploads = Uploads(self, store.files, self.inspector, cdn, credentials)
        self.moderation = Moderation(self, config, store)
        delivery = Delivery(self, store, catalogue, cdn, self.moderation, credentials)
        self.library = PictureLibrary(store, service, delivery, self.uploads, self.moderation)
        self.manager = JobManager(config, store, service, delivery, self.library, self.moderation)
        self.tree = Tree(self)
        self._following: asyncio.Task[None]
        #: of the members who chose one with /settings
        self.languages: dict[int, str] = {}

    async def setup_hook(self) -> None:
        """Make everything ready before the gateway is connected, so that the first command finds it so."""
        for command in COMMANDS:
            self.tree.add_command(command)
        self.add_dynamic_items(*ITEMS)
        await self.tree.set_translator(CommandTranslator())
        self.languages = await self.store.preferences.languages()
        await self._sync_commands()
        await describe_itself(self)
        await self.manager.resume()
        # What is here by now stays: looked at by each full collection, it would hold every answer up for as long.
        gc.collect()
        gc.freeze()
        self._following = asyncio.create_task(self.manager.run())

    async def on_ready(self) -> None:
        """Connected, or connected anew."""
        log.info("connected as %s to %d servers", self.user, len(self.guilds))

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Modals are taken here, since discord.py forgets those that it showed before a restart."""
        if interaction.type is discord.InteractionType.modal_submit:
            await on_modal_submit(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """A reply to a picture of ours refines it."""
        await answer_reply(self, message)

    async def close(self) -> None:
        """Stop following first, so that nothing is half done when the connection goes."""
        await self.manager.close()
        await self.inspector.close()
        await self.moderation.close()
        await super().close()

    async def _sync_commands(self) -> None:
        """Tell Discord our commands, if they are others than it was told last: it allows 200 new ones a day."""
        translator = CommandTranslator()
        commands = [await command.get_translated_payload(self.tree, translator) for command in self.tree.get_commands()]
        digest = hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()
        key = f"commands of {self.application_id} at {discord.http.Route.BASE}"
        if await self.store.settings.get(key) == digest:
            return
        await self.tree.sync()
        await self.store.settings.set(key, digest)
        log.info("told Discord %d commands", len(commands))


class Tree(app_commands.CommandTree[Criar]):
    """The commands, with the one gate before them and the one error handler behind."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether the command is carried out."""
        return await admitted(interaction)

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        """Answer with a sentence; nothing ends in silence."""
        await answer_error(interaction, error)


def use_local_discord(api: str) -> None:
    """Send everything to a local Discord at ``api``; the configuration made sure that it is on this machine."""
    discord.http.Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = URL(api.replace("http://", "ws://", 1)).origin() / "gateway"
