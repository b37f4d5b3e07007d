"""What Discord sends, and who answers it: commands, buttons and menus, modals, messages, and the one error handler."""

import hashlib
import json
import logging
from typing import Any

import discord
from discord import app_commands

from bot.background.bot_profile import describe_itself
from bot.client import Client
from bot.commands import COMMANDS, EDITING
from bot.components import ITEMS
from bot.components.modals.submitted import on_modal_submit
from bot.components.replies.answer import answer_message
from bot.components.replies.consent import answer_reaction
from bot.config import Config
from bot.interactions.admission import admitted
from bot.interactions.errors import answer_error
from bot.messages.content_credentials import ContentCredentials
from bot.store import Store
from bot.text.translate import CommandTranslator
from generation import Catalogue, Service, Task

log = logging.getLogger(__name__)


class Dispatcher(Client):
    """The client, with everything that people may use."""

    def __init__(
        self,
        config: Config,
        store: Store,
        service: Service,
        catalogue: Catalogue,
        credentials: ContentCredentials,
    ) -> None:
        super().__init__(config, store, service, catalogue, credentials)
        self.tree = CommandTree(self)
        edits = any(Task.EDIT in spec.tasks for spec in catalogue.models)
        for command in COMMANDS:
            if edits or command not in EDITING:
                self.tree.add_command(command)
        self.add_dynamic_items(*ITEMS)

    async def setup_hook(self) -> None:
        """Register the commands before the services start; may be called again if Discord did not answer."""
        await self.tree.set_translator(CommandTranslator())
        await self._sync_commands()
        await describe_itself(self)
        await super().setup_hook()

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """Handle modals here, since discord.py forgets those that were shown before a restart."""
        if interaction.type is discord.InteractionType.modal_submit:
            await on_modal_submit(interaction)

    async def on_message(self, message: discord.Message) -> None:
        """Answer replies to pictures, and mentions."""
        self.traffic.saw(message.channel.id, message.id)
        await answer_message(self, message)

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        """Take the author's yes where we asked with a reaction whether words were meant for a picture."""
        await answer_reaction(self, payload)

    async def _sync_commands(self) -> None:
        """Send Discord our commands if they changed since the last time: it allows 200 new ones a day."""
        translator = CommandTranslator()
        commands = [await command.get_translated_payload(self.tree, translator) for command in self.tree.get_commands()]
        digest = hashlib.sha256(json.dumps(commands, sort_keys=True).encode()).hexdigest()
        key = f"commands of {self.application_id} at {discord.http.Route.BASE}"
        if await self.store.key_values.get(key) == digest:
            return
        await self.tree.sync()
        await self.store.key_values.set(key, digest)
        log.info("sent Discord %d commands", len(commands))


class CommandTree(app_commands.CommandTree[Dispatcher]):
    """The commands, with admission before them and the one error handler behind."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether the command is carried out."""
        return await admitted(interaction)

    async def on_error(self, interaction: discord.Interaction[Any], error: app_commands.AppCommandError, /) -> None:
        """Answer with a sentence; nothing ends in silence."""
        await answer_error(interaction, error)
