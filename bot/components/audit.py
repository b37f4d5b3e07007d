"""The audit log, page by page."""

import re
from typing import TYPE_CHECKING, Any

import discord

from bot.background.audit_feed import entry_line
from bot.interactions.errors import answering
from bot.interactions.permissions import authorise_change
from bot.moderation.admission import Admitting
from bot.store import Entry
from bot.text.translate import Speaker, speaker_for

if TYPE_CHECKING:
    from bot.client import Criar

PAGE = 8  # entries


class AuditButton(
    Admitting,
    discord.ui.DynamicItem[discord.ui.Button[Any]],
    template=r"audit:(?P<way>older|newer):(?P<entry>\d{1,18})",
):
    """Turns to the entries before or after one."""

    def __init__(self, way: str, entry_id: int, label: str = "") -> None:
        self.way, self.entry_id = way, entry_id
        super().__init__(discord.ui.Button(label=label or way, custom_id=f"audit:{way}:{entry_id}"))

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],
        item: discord.ui.Item[Any],
        match: re.Match[str],
    ) -> "AuditButton":
        return cls(match["way"], int(match["entry"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        async with answering(interaction):
            authorise_change(interaction)
            await interaction.response.defer()
            older, newer = (self.entry_id, None) if self.way == "older" else (None, self.entry_id)
            await show_audit(interaction, older=older, newer=newer)


async def show_audit(
    interaction: "discord.Interaction[Criar]", *, older: int | None = None, newer: int | None = None
) -> None:
    """Put a page into the interaction's private answer: an admin sees his server's entries, the operator all.

    Raises Refusal for everybody else.
    """
    guild_id = None if authorise_change(interaction).by_operator else interaction.guild_id
    audit, say = interaction.client.store.audit, speaker_for(interaction)
    page = await (audit.page(guild_id, older, PAGE) if newer is None else audit.newer(guild_id, newer, PAGE))
    if not page:
        await interaction.edit_original_response(content=say("Nothing was changed yet."), view=None)
        return
    before = await audit.page(guild_id, page[-1].id, 1)
    after = await audit.newer(guild_id, page[0].id, 1)
    lines = [entry_line(say, entry) for entry in page]
    view = _view(say, page, before=bool(before), after=bool(after))
    await interaction.edit_original_response(content="\n".join(_fitting(lines)), view=view)


def _fitting(lines: list[str]) -> list[str]:
    """The lines, each cut so that all of them fit into a message."""
    most = 2000 // len(lines) - 1
    return [line if len(line) <= most else f"{line[: most - 1]}…" for line in lines]


def _view(say: Speaker, page: list[Entry], *, before: bool, after: bool) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    if after:
        view.add_item(AuditButton("newer", page[0].id, say("Newer")))
    if before:
        view.add_item(AuditButton("older", page[-1].id, say("Older")))
    return view
