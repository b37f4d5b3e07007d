"""“Help me with the prompt”: the parts of a good one, asked for one by one and joined."""

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.components.modals.form import Form
from bot.interactions.acknowledge import acknowledge
from bot.interactions.defaults import apply_defaults
from bot.interactions.errors import answering
from bot.moderation.admission import Admitting
from bot.requests.builder import build_request
from bot.text.translate import Speaker, speaker_for
from generation import ModelSpec, Task

if TYPE_CHECKING:
    from bot.client import Criar

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


class PromptButton(Admitting, discord.ui.DynamicItem[discord.ui.Button[Any]], template=r"help:prompt"):
    """Opens the modal for the usual model."""

    def __init__(self, label: str = "") -> None:
        super().__init__(discord.ui.Button(label=label or "prompt", custom_id="help:prompt"))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "PromptButton":
        return cls()

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            spec = interaction.client.catalogue.first(Task.TXT2IMG)
            await interaction.response.send_modal(PromptModal(speaker_for(interaction), spec))


def help_view(say: Speaker) -> discord.ui.View:
    """The button under /help."""
    view = discord.ui.View(timeout=None)
    view.add_item(PromptButton(say("Help me with the prompt")))
    return view


async def submit_prompt_help(
    interaction: "discord.Interaction[Criar]", custom_id: str, filled_in: dict[str, str]
) -> bool:
    """Make what the parts say together; False where the custom_id is another modal's."""
    verb, _, model = custom_id.partition(":")
    if verb != "helped":
        return False
    requester = await acknowledge(interaction)
    client = interaction.client
    options = await apply_defaults(interaction, Task.TXT2IMG, {"prompt": join(filled_in), "model": model})
    await client.manager.submit(requester, build_request(client.catalogue, Task.TXT2IMG, options))
    return True


def join(parts: dict[str, str]) -> str:
    """The parts in their order, as one prompt."""
    return ", ".join(text for name in PARTS if (text := parts.get(name, "").strip(" ,.")))
