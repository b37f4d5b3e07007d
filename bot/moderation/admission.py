"""What everybody passes before anything else happens: not too many commands, and no ban."""

import math
from time import monotonic
from typing import TYPE_CHECKING, Any

import discord

from bot.config import Config
from bot.errors import Refusal
from bot.interactions.acknowledge import person_of
from bot.interactions.errors import answering
from bot.moderation.rate_limit import SlidingWindow
from bot.quota import Person
from bot.store import BANNED, Store

if TYPE_CHECKING:
    from bot.client import Criar


class RateLimited(Refusal):
    """Too many commands in a minute."""


class AdmissionControl:
    """Lets members in or says why not."""

    def __init__(self, config: Config, store: Store) -> None:
        self._operators = frozenset(config.discord.operators)
        self._store = store
        self._members = SlidingWindow(config.flooding.member_commands)
        self._servers = SlidingWindow(config.flooding.server_commands)

    async def check(self, person: Person, *, counts: bool = True, about_himself: bool = False) -> None:
        """Raise Refusal where the person is banned, and RateLimited where he or his server is too fast.

        ``about_himself`` lets the banned in too: what is kept about them is theirs to get and to delete.
        ``counts`` is False for what comes by itself, such as suggestions while somebody types. Operators always pass.
        """
        if person.user_id in self._operators:
            return
        # First, since it costs nothing: whoever floods shall not keep the database busy.
        if counts:
            self._count(person, monotonic())
        if not about_himself and await self._store.bans.banned(person.user_id, person.guild_id):
            raise Refusal(BANNED)

    def _count(self, person: Person, now: float) -> None:
        if wait := self._members.wait(person.user_id, now):
            raise RateLimited("That was a lot in one minute; try again in {seconds} s.", seconds=math.ceil(wait))
        if person.guild_id:
            if wait := self._servers.wait(person.guild_id, now):
                raise RateLimited(
                    "This server was asking for a lot in one minute; try again in {seconds} s.",
                    seconds=math.ceil(wait),
                )
            self._servers.take(person.guild_id, now)
        self._members.take(person.user_id, now)


async def admitted(interaction: "discord.Interaction[Criar]") -> bool:
    """Whether the interaction may go on; where not, it is answered."""
    suggesting = interaction.type is discord.InteractionType.autocomplete
    try:
        person, about_himself = person_of(interaction), _root(interaction) == "privacy"
        await interaction.client.admission.check(person, counts=not suggesting, about_himself=about_himself)
    except Refusal as refusal:
        if suggesting:
            await interaction.response.autocomplete([])
            return False
        async with answering(interaction):
            raise refusal
        return False
    return True


def _root(interaction: "discord.Interaction[Criar]") -> str:
    """The name of the command, of the group that it stands in, or the first word of a custom_id."""
    if isinstance(interaction.command, discord.app_commands.Command):
        return interaction.command.qualified_name.partition(" ")[0]
    data: Any = interaction.data or {}
    return str(data.get("custom_id", "")).partition(":")[0]


class Admitting:
    """A part of a message that only those may use who pass; put it before discord.py's class."""

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether the callback is called."""
        return await admitted(interaction)
