"""“Help me with the prompt”: the parts of a good one, asked for one by one and joined."""

import re
from typing import Any

import discord

from bot.client import Interaction
from bot.components.base import PersistentItem
from bot.components.modals.form import Form
from bot.interactions.acknowledge import acknowledge, person_of, requester_of
from bot.interactions.defaults import apply_defaults
from bot.interactions.language import speaker_for
from bot.messages.buttons import Buttons
from bot.requests.builder import build_request
from bot.text.translate import Speaker
from generation import ModelSpec, Task

PARTS = ("subject", "composition", "surroundings", "light", "style")
MAX_PART, MAX_HINT = 300, 100  # characters


class PromptModal(Form):
    """A field for each part; the hints are words that the model is known to follow."""

    def __init__(self, say: Speaker, spec: ModelSpec) -> None:
        super().__init__(title=say("Help me with the prompt"), custom_id=f"helped:{spec.id}")
        hints = {
            "subject": (say("What is it of?"), say("a cat, an old lighthouse")),
            "composition": (
                say("How is it arranged?"),
                ", ".join(spec.composition) or say("close-up, from above, centred"),
            ),
            "surroundings": (say("What is around it?"), say("a blue background, a forest")),
            "light": (say("In what light?"), say("soft morning light, neon")),
            "style": (say("In what style?"), say("flat, 3d, watercolour, photo")),
        }
        for name in PARTS:
            label, hint = hints[name]
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id=name, placeholder=hint[:MAX_HINT], max_length=MAX_PART, required=name == "subject"
            )
            self.add_item(discord.ui.Label(text=label, component=field))


class PromptButton(PersistentItem, template=r"help:prompt"):
    """Opens the modal for the default model."""

    async def run(self, interaction: Interaction, _: re.Match[str]) -> None:
        """Open the modal."""
        spec = interaction.client.catalogue.first(Task.TXT2IMG)
        await interaction.response.send_modal(PromptModal(speaker_for(interaction), spec))


def help_view(say: Speaker) -> Buttons:
    """The button under /help."""
    view = Buttons()
    view.button("help:prompt", say("Help me with the prompt"))
    return view


async def submit_prompt_help(interaction: Interaction, model: str, filled_in: dict[str, str]) -> None:
    """Make what the parts say together."""
    await acknowledge(interaction)
    client = interaction.client
    options, private = await apply_defaults(
        client, person_of(interaction), Task.TXT2IMG, {"prompt": join(filled_in), "model": model}
    )
    requester = await requester_of(interaction, private=private)
    await client.manager.submit(requester, build_request(client.catalogue, Task.TXT2IMG, options))


def join(parts: dict[str, str]) -> str:
    """The parts in their order, as one prompt."""
    return ", ".join(text for name in PARTS if (text := parts.get(name, "").strip(" ,.")))
