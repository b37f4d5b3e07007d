"""The modal behind “Refine with …”: strength, prompt, model and seed. Its custom_id says which picture it is for."""

import re
from typing import Any

import discord

from bot.client import Interaction
from bot.components.modals.form import Form
from bot.errors import Refusal
from bot.interactions.acknowledge import acknowledge, requester_of
from bot.interactions.defaults import style_owners
from bot.interactions.permissions import NOT_KEPT, usable_picture
from bot.jobs.uploads import MessagePicture
from bot.requests.builder import MAX_PROMPT, Options, Source, build_request, refine_request, with_flags
from bot.requests.form import read_fields
from bot.requests.offered_models import can
from bot.requests.strengths import COMPARED, MEDIUM
from bot.requests.styles import apply_style
from bot.store import JobRow, PictureRow
from bot.text.translate import Speaker
from generation import Catalogue, Parameters, Request, Task

#: a channel, a message, and which of its pictures
FOREIGN = re.compile(r"(\d{1,20}):(\d{1,20}):(\d)")
MAX_SHORT = 60  # characters
#: arguments of refine_request, by the first word of a modal's custom_id
WAYS: dict[str, dict[str, Any]] = {
    "refine": {},
    "compare": {"strengths": COMPARED},
    "polish": {"enlarge_first": True},
}


class RefineModal(Form):
    """What to change and how much; ``custom_id`` is a way with a picture of ours, or an attachment of anybody's.

    Filled in with the request ``style`` that drew the picture, or with what the picture says itself. Without a
    strength, as for comparing several, none is asked for.
    """

    def __init__(
        self,
        custom_id: str,
        say: Speaker,
        catalogue: Catalogue,
        style: Request | Parameters | None = None,
        *,
        strength: float | None = MEDIUM,
    ) -> None:
        super().__init__(title=say("Refine the picture"), custom_id=custom_id)
        negative = style.negative_prompt if style else ""
        model = style.model if style and can(catalogue, style.model, Task.IMG2IMG) else ""
        for name, label, value, long in (
            ("prompt", say("Prompt: what it should show"), style.prompt if style else "", True),
            ("negative_prompt", say("Negative prompt: what to avoid"), negative, True),
            ("strength", say("Strength: 0.25 subtle, 0.7 sketch, 0.8 major"), f"{strength or 0:g}", False),
            ("model", say("Model (empty: the picture's, or the default)"), model, False),
            ("seed", say("Seed (empty: a new one)"), "", False),
        ):
            if name == "strength" and strength is None:
                continue
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                custom_id=name,
                default=value[: MAX_PROMPT if long else MAX_SHORT] or None,
                style=discord.TextStyle.paragraph if long else discord.TextStyle.short,
                max_length=MAX_PROMPT if long else MAX_SHORT,
                required=name == "prompt",
            )
            self.add_item(discord.ui.Label(text=label, component=field))


async def submit_refine(verb: str, interaction: Interaction, picked: str, filled_in: dict[str, str]) -> None:
    """Make what a refine modal asks for, in the way ``verb``."""
    await acknowledge(interaction)
    client, options = interaction.client, with_flags(_options(filled_in))
    options = apply_style(options, await client.store.styles.of(*style_owners(interaction)), options.style)
    found = await ours(interaction, picked)
    requester = await requester_of(interaction, like=found[0] if found else None, about=message_of(picked))
    source = await source_of(interaction, picked, found)
    if found:
        built = refine_request(client.catalogue, await client.library.style_of(found[0]), source, options, **WAYS[verb])
    else:
        built = build_request(client.catalogue, Task.IMG2IMG, options, source)
    await client.manager.submit(requester, built)


async def ours(interaction: Interaction, picked: str) -> tuple[JobRow, PictureRow] | None:
    """The picture of ours that a custom_id names; None if it names an attachment.

    Raises Refusal if the member may not use it.
    """
    return None if FOREIGN.fullmatch(picked) else await usable_picture(interaction, picked)


def message_of(picked: str) -> discord.MessageReference | None:
    """The message whose attachment a custom_id names; None if it names a picture of ours."""
    if not FOREIGN.fullmatch(picked):
        return None
    channel_id, message_id, _ = (int(part) for part in picked.split(":"))
    return discord.MessageReference(message_id=message_id, channel_id=channel_id, fail_if_not_exists=False)


async def source_of(interaction: Interaction, picked: str, found: tuple[JobRow, PictureRow] | None) -> Source:
    """The picture that a custom_id names: one of ours, or an attachment. Raises Refusal if it cannot be had."""
    client = interaction.client
    if found:
        return await client.library.take_up(*found)
    channel_id, message_id, place = (int(part) for part in picked.split(":"))
    return await client.uploads.receive(await seen_attachment(interaction, channel_id, message_id, place))


async def seen_attachment(interaction: Interaction, channel_id: int, message_id: int, place: int) -> MessagePicture:
    """A picture of anybody's message in this channel. Raises Refusal if it cannot be seen."""
    if channel_id != interaction.channel_id:
        # A menu is used where its message stands, so this custom_id was made up to look into another channel.
        raise Refusal(NOT_KEPT)
    return await interaction.client.uploads.attachment(channel_id, message_id, place)


def _options(filled_in: dict[str, str]) -> Options:
    texts = {name: text for name, text in filled_in.items() if text.strip() or name == "seed"}
    fields = read_fields({name: text for name, text in texts.items() if name in ("strength", "seed")})
    return Options(
        prompt=filled_in.get("prompt", ""),
        negative_prompt=filled_in.get("negative_prompt"),
        model=filled_in.get("model", "").strip() or None,
        **fields,
    )
