"""“Help me with the prompt”: the parts of a good one, asked for one by one and joined."""

import re
from typing import Any

import discord

from bot.client import Interaction
from bot.components.base import PersistentItem
from bot.components.modals.form import Form
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge, person_of, requester_of
from bot.interactions.defaults import apply_defaults
from bot.interactions.language import policy_of, speaker_for
from bot.interactions.permissions import NOT_KEPT
from bot.messages.buttons import Buttons
from bot.requests.builder import build_request, check_prompt
from bot.requests.notes import EMBEDDED, vocabulary_notes
from bot.text.translate import Speaker
from generation import ModelSpec, Task

PARTS = ("subject", "composition", "surroundings", "light", "style")
MAX_PART, MAX_HINT = 300, 100  # characters


class PromptModal(Form):
    """A field for each part; the hints are words that the model is known to follow."""

    def __init__(self, say: Speaker, spec: ModelSpec) -> None:
        super().__init__(title=say("Help me with the prompt"), custom_id=f"helped:{spec.id}")
        hints = _hints(say, spec)
        for name in hints:
            label, hint = hints[name]
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id=name, placeholder=hint[:MAX_HINT], max_length=MAX_PART, required=name == "subject"
            )
            self.add_item(discord.ui.Label(text=label, component=field))


def _hints(say: Speaker, spec: ModelSpec) -> dict[str, tuple[str, str]]:
    """The label of each part and words for it, of which the embedded model is offered only what it can draw."""
    embedded = spec.id == EMBEDDED
    hints = {
        "subject": (say("What is it of?"), say("a cat, a castle") if embedded else say("a cat, an old lighthouse")),
        "composition": (
            say("How is it arranged?"),
            ", ".join(spec.composition) or say("close-up, from above, centred"),
        ),
        "surroundings": (
            say("What is around it?"),
            say("a blue background, a ball") if embedded else say("a blue background, a forest"),
        ),
        "light": (say("In what light?"), say("soft morning light, neon")),
        "style": (
            say("In what style?"),
            say("flat, 3d, cartoon, outlined") if embedded else say("flat, 3d, watercolour, photo"),
        ),
    }
    return {name: hints[name] for name in PARTS if name != "light" or not embedded}


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


class PromptedButton(PersistentItem, template=r"prompted:(?P<model>[\w.-]{1,80})"):
    """Makes what the words above the button say."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Make it. Raises Refusal if the words are gone."""
        await acknowledge(interaction)
        embeds = interaction.message.embeds if interaction.message else []
        if not embeds or not embeds[0].description:
            raise Refusal(NOT_KEPT)
        client = interaction.client
        chosen = {"prompt": embeds[0].description, "model": match["model"]}
        options, private = await apply_defaults(
            client, person_of(interaction), Task.TXT2IMG, chosen, policy=policy_of(interaction)
        )
        requester = await requester_of(interaction, private=private)
        await client.manager.submit(requester, build_request(client.catalogue, Task.TXT2IMG, options))


async def submit_prompt_help(interaction: Interaction, model: str, filled_in: dict[str, str]) -> None:
    """Show what the parts say together, before anything is spent."""
    await acknowledge(interaction)
    say, view = speaker_for(interaction), Buttons()
    prompt = join(filled_in)
    check_prompt(prompt)
    view.button(f"prompted:{model}", say("Make it"), discord.ButtonStyle.primary)
    view.button("help:prompt", say("Start over"))
    embed = discord.Embed(description=prompt)
    unknown = say.small_print(vocabulary_notes(interaction.client.catalogue.get(model), prompt))
    content = "\n".join(filter(None, [say("This is your prompt:"), unknown]))
    await interaction.edit_original_response(content=content, embed=embed, view=view)


def join(parts: dict[str, str]) -> str:
    """The parts in their order, as one prompt."""
    return ", ".join(text for name in PARTS if (text := parts.get(name, "").strip(" ,.")))
