"""The modal for an instruction: what an editing model is to change."""

from typing import TYPE_CHECKING, Any

import discord

from bot.components.modals.form import Form
from bot.components.modals.refine import ours, source_of
from bot.interactions.acknowledge import acknowledge_like
from bot.requests.builder import Options, build_request, editor
from bot.text.translate import Speaker
from generation import Task

if TYPE_CHECKING:
    from bot.client import Criar

MAX_INSTRUCTION = 4000  # characters


class EditModal(Form):
    """One field; its custom_id says which picture is changed."""

    def __init__(self, picked: str, say: Speaker) -> None:
        super().__init__(title=say("Edit with words"), custom_id=f"edit:{picked}")
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="prompt", style=discord.TextStyle.paragraph, max_length=MAX_INSTRUCTION, required=True
        )
        self.add_item(discord.ui.Label(text=say("What to change: make the sky purple"), component=field))


async def submit_edit(interaction: "discord.Interaction[Criar]", custom_id: str, filled_in: dict[str, str]) -> bool:
    """Make what an edit modal asks for; False where the custom_id is another modal's."""
    verb, _, picked = custom_id.partition(":")
    if verb != "edit":
        return False
    client = interaction.client
    found = await ours(interaction, picked)
    requester = await acknowledge_like(interaction, found[0] if found else None)
    source = await source_of(interaction, picked, found)
    options = Options(prompt=filled_in.get("prompt", ""), model=editor(client.catalogue).id)
    await client.manager.submit(requester, build_request(client.catalogue, Task.EDIT, options, source))
    return True
