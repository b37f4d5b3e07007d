"""The modal for an instruction: what an editing model is to change."""

from typing import Any

import discord

from bot.client import Interaction
from bot.components.modals.form import Form
from bot.components.modals.refine import message_of, ours, source_of
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.requests.builder import MAX_PROMPT, Options, build_request
from bot.requests.offered_models import editor
from bot.text.translate import Speaker
from generation import Task


class EditModal(Form):
    """One field; its custom_id says which picture is changed."""

    def __init__(self, picked: str, say: Speaker) -> None:
        super().__init__(title=say("Edit with words"), custom_id=f"edit:{picked}")
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="prompt", style=discord.TextStyle.paragraph, max_length=MAX_PROMPT, required=True
        )
        self.add_item(discord.ui.Label(text=say("What to change: make the sky purple"), component=field))


async def submit_edit(interaction: Interaction, picked: str, filled_in: dict[str, str]) -> None:
    """Make what an edit modal asks for."""
    await acknowledge(interaction)
    client = interaction.client
    found = await ours(interaction, picked)
    requester = await requester_of(interaction, like=found[0] if found else None, about=message_of(picked))
    source = await source_of(interaction, picked, found)
    options = Options(prompt=filled_in.get("prompt", ""), model=editor(client.catalogue).id)
    await client.manager.submit(requester, build_request(client.catalogue, Task.EDIT, options, source))
