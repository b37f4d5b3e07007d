"""A member's own defaults, in place of what he left out; and the saved styles that he may use."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import discord

from bot.errors import Refusal
from bot.requests.builder import Options, can
from generation import Task

if TYPE_CHECKING:
    from bot.client import Criar

FIELDS = tuple(field.name for field in dataclasses.fields(Options))


async def apply_defaults(
    interaction: "discord.Interaction[Criar]", task: Task, chosen: Mapping[str, Any], style: str | None = None
) -> Options:
    """What a person chose (None: left out), over his settings, with a style's words added to the prompt.

    Raises Refusal where a style is named that there is not.
    """
    client = interaction.client
    preference = await client.store.preferences.get(interaction.user.id)
    usual = {name: getattr(preference, name, None) for name in FIELDS}
    if not can(client.catalogue, preference.model, task):
        usual["model"] = None
    # A picture that is sent has a shape of its own.
    if task is not Task.TXT2IMG:
        usual["size"] = None
    values = {name: usual[name] if (value := chosen.get(name)) is None else value for name in FIELDS}
    options = Options(**{name: value for name, value in values.items() if value is not None})
    styles = await client.store.styles.of(*style_owners(interaction))
    if style and style not in styles:
        raise Refusal("There is no style “{name}”; /style list shows those that are saved.", name=style)
    # The usual one may be another server's, or deleted since.
    if options.prompt and (words := styles.get(style or preference.style or "")):
        options = dataclasses.replace(options, prompt=_styled(options.prompt, words))
    return options


def _styled(prompt: str, words: str) -> str:
    return words.replace("{prompt}", prompt) if "{prompt}" in words else f"{prompt}, {words}"


def style_owners(interaction: "discord.Interaction[Criar]") -> tuple[int, ...]:
    """Whose styles a member may use here: his own first, then the server's."""
    return (interaction.user.id, *([interaction.guild_id] if interaction.guild_id else []))
