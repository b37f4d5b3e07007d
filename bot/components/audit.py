"""The audit log, page by page."""

import re

from bot.client import Interaction
from bot.components.base import PersistentItem
from bot.interactions.language import speaker_for
from bot.interactions.permissions import authorise_change
from bot.messages.audit_entry import entry_line
from bot.messages.buttons import Buttons
from bot.store import Entry
from bot.text.translate import Speaker

PAGE = 8  # entries


class AuditButton(PersistentItem, template=r"audit:(?P<way>older|newer):(?P<entry>\d{1,18})"):
    """Turns to the entries before or after one."""

    async def run(self, interaction: Interaction, match: re.Match[str]) -> None:
        """Show the page. Raises Refusal for everybody but admins and operators."""
        authorise_change(interaction)
        await interaction.response.defer()
        entry_id = int(match["entry"])
        older, newer = (entry_id, None) if match["way"] == "older" else (None, entry_id)
        await show_audit(interaction, older=older, newer=newer)


async def show_audit(interaction: Interaction, *, older: int | None = None, newer: int | None = None) -> None:
    """Put a page into the interaction's private answer: an admin sees the server's entries, the operator all.

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


def _view(say: Speaker, page: list[Entry], *, before: bool, after: bool) -> Buttons:
    view = Buttons()
    if after:
        view.button(f"audit:newer:{page[0].id}", say("Newer"))
    if before:
        view.button(f"audit:older:{page[-1].id}", say("Older"))
    return view
