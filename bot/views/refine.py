"""The modal behind “Refine with …”: strength, prompt, model and seed. Its custom_id says which picture it is for."""

import re
from typing import TYPE_CHECKING, Any

import discord

from generation import Task

from ..asker import asker_like
from ..compose import MEDIUM, Options, Source, compose, read_fields, refined
from ..errors import Refusal
from ..text import Speaker

if TYPE_CHECKING:
    from ..client import Criar

#: a channel, a message, and which of its pictures
FOREIGN = re.compile(r"(\d{1,20}):(\d{1,20}):(\d)")
MAX_PROMPT, MAX_SHORT = 1500, 60  # characters


class RefineModal(discord.ui.Modal):
    """What to change and how much; ``custom_id`` is one of ours, or of an attachment of anybody's message."""

    def __init__(self, custom_id: str, say: Speaker, *, prompt: str = "", model: str = "") -> None:
        super().__init__(title=say("Refine the picture"), custom_id=custom_id)
        for name, label, value, long in (
            ("prompt", say("Prompt: what it should show"), prompt, True),
            ("strength", say("Strength: 0.25 subtle, 0.5, 0.8 major"), f"{MEDIUM:g}", False),
            ("model", say("Model (empty: the picture's, or the usual)"), model, False),
            ("seed", say("Seed (empty: a new one)"), "", False),
        ):
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id=name,
                default=value or None,
                style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
                max_length=MAX_PROMPT if long else MAX_SHORT,
                required=name == "prompt",
            )
            self.add_item(discord.ui.Label(text=label, component=field))


async def take_refine(interaction: "discord.Interaction[Criar]", custom_id: str, filled_in: dict[str, str]) -> bool:
    """Make what a refine modal asks for; False where the custom_id is another modal's."""
    verb, _, picked = custom_id.partition(":")
    if verb != "refine":
        return False
    client, options = interaction.client, _options(filled_in)
    found = await client.store.jobs.picture(picked)
    asker = await asker_like(interaction, found[0] if found else None)
    source = await source_of(client, picked)
    if found:
        composed = refined(client.catalogue, await client.flow.style_of(found[0]), source, options)
    else:
        composed = compose(client.catalogue, Task.IMG2IMG, options, source)
    await client.flow.submit(asker, composed)
    return True


async def source_of(client: "Criar", picked: str) -> Source:
    """The picture that a custom_id names: one of ours, or an attachment. Raises Refusal where it cannot be had."""
    if found := await client.store.jobs.picture(picked):
        return await client.flow.take_up(*found)
    foreign = FOREIGN.fullmatch(picked)
    if foreign is None:
        raise Refusal("This picture is not kept any more; make a new one with /txt2img.")
    attachment = await client.intake.attachment(*(int(part) for part in foreign.groups()))
    return await client.intake.receive(attachment)


def _options(filled_in: dict[str, str]) -> Options:
    texts = {name: text for name, text in filled_in.items() if text.strip() or name == "seed"}
    fields = read_fields({name: text for name, text in texts.items() if name in ("strength", "seed")})
    return Options(prompt=filled_in.get("prompt", ""), model=filled_in.get("model", "").strip() or None, **fields)
