"""Modals that were sent. Their custom_ids say what they are for, so they may have been opened before a restart."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import discord

from ..gate import admitted
from .change import take_change
from .edit import take_edit
from .errors import answering
from .helped import take_helped
from .refine import take_refine

if TYPE_CHECKING:
    from ..client import Criar

TAKERS = (take_change, take_refine, take_edit, take_helped)


async def on_modal_sent(interaction: "discord.Interaction[Criar]") -> None:
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
