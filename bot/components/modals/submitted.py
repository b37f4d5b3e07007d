"""Modals that were sent. Their custom_ids say what they are for, so they may have been opened before a restart."""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import discord

from bot.client import Interaction
from bot.components.modals.edit import submit_edit
from bot.components.modals.edit_prompt import submit_edit_prompt
from bot.components.modals.prompt_help import submit_prompt_help
from bot.components.modals.refine import WAYS, submit_refine
from bot.components.server_settings import submit_server
from bot.errors import Refusal
from bot.interactions.admission import admitted
from bot.interactions.errors import answer_error, answering
from bot.interactions.language import speaker_for
from bot.interactions.permissions import NOT_KEPT
from generation import SentenceError

#: by the first word of the custom_id; called with the rest of it and the fields' values by their custom_ids
SUBMITTED: Mapping[str, Callable[[Interaction, str, dict[str, str]], Awaitable[None]]] = {
    "change": submit_edit_prompt,
    "edit": submit_edit,
    "helped": submit_prompt_help,
    "server": submit_server,
    **{verb: partial(submit_refine, verb) for verb in WAYS},
}


async def on_modal_submit(interaction: Interaction) -> None:
    """Carry out what a modal asks for."""
    if not await admitted(interaction):
        return
    data: Any = interaction.data or {}
    verb, _, rest = str(data.get("custom_id")).partition(":")
    fields = dict(_fields(data.get("components", ())))
    async with answering(interaction):
        if verb not in SUBMITTED:
            raise Refusal(NOT_KEPT)
        try:
            await SUBMITTED[verb](interaction, rest, fields)
        except SentenceError as error:
            await answer_error(interaction, error)
            await _give_back(interaction, fields.get("prompt", ""))


async def _give_back(interaction: Interaction, prompt: str) -> None:
    """Show what was written in a form that is refused, since Discord opens it without these words the next time."""
    if not prompt.strip():
        return
    embed = discord.Embed(title=speaker_for(interaction)("What you wrote:"), description=prompt)
    with suppress(discord.HTTPException):
        await interaction.edit_original_response(embed=embed)


def _fields(rows: Any) -> Iterator[tuple[str, str]]:
    for row in rows:
        field = row.get("component") or {}
        if "value" in field:
            yield field["custom_id"], field["value"]
        elif "values" in field:  # of menus, whose values have no blanks
            yield field["custom_id"], " ".join(field["values"])
