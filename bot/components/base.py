"""What all buttons and menus that work after a restart have in common."""

import re
from typing import Any, Self

import discord

from bot.client import Interaction
from bot.interactions.admission import admitted
from bot.interactions.errors import answering


class PersistentItem(discord.ui.DynamicItem[discord.ui.Item[Any]], template=r"(?!)"):
    """A button or menu whose whole state is its custom_id, which a subclass's ``template`` reads.

    ``bot.messages.buttons`` draws it; here is what happens when it is used.
    """

    def __init__(self, item: discord.ui.Item[Any], match: re.Match[str]) -> None:
        super().__init__(item)
        self._match = match

    @classmethod
    async def from_custom_id(
        cls, _: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """The item that was used."""
        return cls(item, match)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether the callback is called."""
        return await admitted(interaction)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Carry it out; errors are answered with a sentence."""
        async with answering(interaction):
            await self.run(interaction, self._match)

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """What the item does; ``match`` has the groups of the template."""
        raise NotImplementedError


def selected(interaction: Interaction) -> str:
    """The value that was chosen in a menu."""
    data: Any = interaction.data or {}
    return str(data["values"][0])
