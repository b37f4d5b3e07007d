"""A member's own defaults for what they left out, and the saved styles that they may use."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from bot.client import Interaction
from bot.errors import Refusal
from bot.requests.builder import Options, can
from generation import Task

FIELDS = tuple(field.name for field in dataclasses.fields(Options))


async def apply_defaults(
    interaction: Interaction, task: Task, chosen: Mapping[str, Any], style: str | None = None
) -> tuple[Options, bool]:
    """What a person chose (None: left out) over their settings, with a style's words added to the prompt.

    Returns the options, and whether the pictures are private by default. Raises Refusal if the style does not exist.
    """
    client = interaction.client
    preference = await client.store.preferences.get(interaction.user.id)
    defaults = {name: getattr(preference, name, None) for name in FIELDS}
    if not can(client.catalogue, preference.model, task):
        defaults["model"] = None
    # A picture that is sent has a shape already.
    if task is not Task.TXT2IMG:
        defaults["size"] = None
    values = {name: defaults[name] if (value := chosen.get(name)) is None else value for name in FIELDS}
    options = Options(**{name: value for name, value in values.items() if value is not None})
    styles = await client.store.styles.of(*style_owners(interaction))
    if style and style not in styles:
        raise Refusal("There is no style “{name}”; /style list shows those that are saved.", name=style)
    # The default style may be another server's, or deleted since.
    if options.prompt and (words := styles.get(style or preference.style or "")):
        options = dataclasses.replace(options, prompt=_styled(options.prompt, words))
    return options, bool(preference.private)


def _styled(prompt: str, words: str) -> str:
    return words.replace("{prompt}", prompt) if "{prompt}" in words else f"{prompt}, {words}"


def style_owners(interaction: Interaction) -> tuple[int, ...]:
    """Whose styles a member may use here: their own first, then the server's."""
    return (interaction.user.id, *([interaction.guild_id] if interaction.guild_id else []))
