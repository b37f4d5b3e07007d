"""A member's own defaults for what they left out, and the saved styles that they may use."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from bot.client import Client, Interaction
from bot.interactions.acknowledge import person_of
from bot.quota import Person
from bot.requests.builder import Options, with_flags
from bot.requests.offered_models import can, model_named
from bot.requests.styles import apply_style
from bot.store import NO_POLICY, ServerPolicy
from generation import Catalogue, Task

FIELDS = tuple(field.name for field in dataclasses.fields(Options))
USUAL = Options()


async def apply_defaults(
    client: Client,
    person: Person,
    task: Task,
    chosen: Mapping[str, Any],
    style: str | None = None,
    policy: ServerPolicy = NO_POLICY,
) -> tuple[Options, bool]:
    """What a person chose (None: left out) over their settings and those of the server's admins.

    A style's words are added to the prompt.

    Flags in the prompt count as chosen. Returns the options, and whether the pictures are private by default. Raises
    Refusal if the style does not exist, or a flag has a value that cannot be.
    """
    flagged = with_flags(Options(prompt=chosen.get("prompt") or ""))
    typed = {name: value for name in FIELDS if (value := getattr(flagged, name)) != getattr(USUAL, name)}
    chosen = {**chosen, "style": None, **typed}
    if chosen.get("model"):
        chosen["model"] = model_named(client.catalogue, chosen["model"])
    preference = await client.store.preferences.get(person.user_id)
    defaults = {name: getattr(preference, name, None) for name in FIELDS}
    defaults["style"] = None
    defaults["model"] = default_model(client.catalogue, task, policy, preference.model)
    # A picture that is sent has a shape already.
    if task is not Task.TXT2IMG:
        defaults["size"] = None
    values = {name: defaults[name] if (value := chosen.get(name)) is None else value for name in FIELDS}
    options = Options(**{name: value for name, value in values.items() if value is not None})
    styles = await client.store.styles.of(*owners_for(person))
    usual = "" if options.raw else preference.style or ""
    return apply_style(options, styles, options.style or style, usual), bool(preference.private)


def default_model(catalogue: Catalogue, task: Task, policy: ServerPolicy, own: str | None) -> str | None:
    """The model for those who name none: their own default, the server's, or the first that the server allows.

    None leaves it to the configuration.
    """
    for model in filter(None, (own, policy.model)):
        if policy.allows(model) and can(catalogue, model, task):
            return model
    if not policy.models:
        return None
    return next((spec.id for spec in catalogue.only(policy.allows).models if task in spec.tasks), None)


def style_owners(interaction: Interaction) -> tuple[int, ...]:
    """Whose styles a member may use here: their own first, then the server's."""
    return owners_for(person_of(interaction))


def owners_for(person: Person) -> tuple[int, ...]:
    """Whose styles a member may use: their own first, then the server's."""
    return (person.user_id, *([person.guild_id] if person.guild_id else []))
