"""Modals that were sent. Their custom_ids say what they are for, so they may have been opened before a restart."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import discord

from bot.components.modals.edit import submit_edit
from bot.components.modals.edit_prompt import submit_edit_prompt
from bot.components.modals.prompt_help import submit_prompt_help
from bot.components.modals.refine import submit_refine
from bot.interactions.errors import answering
from bot.moderation.admission import admitted

if TYPE_CHECKING:
    from bot.client import Criar

TAKERS = (submit_edit_prompt, submit_refine, submit_edit, submit_prompt_help)


async def on_modal_submit(interaction: "discord.Interaction[Criar]") -> None:
    """Carry out what a modal asks for."""
    if not await admitted(interaction):
        return
    data: Any = interaction.data or {}
    filled_in = dict(_fields(data.get("components", ())))
    async with answering(interaction):
        for take in TAKERS:
            if await take(interaction, str(data.get("custom_id")), filled_in):
                return


def _fields(rows: Any) -> Iterator[tuple[str, str]]:
    for row in rows:
        field = row.get("component") or {}
        if "value" in field:
            yield field["custom_id"], field["value"]
