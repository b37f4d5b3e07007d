"""The audit log in words, and told to the channels that were set for it."""

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import discord

from bot.jobs.delivery import TROUBLE, is_transient
from bot.store import COMMAND_LINE, Action, Entry
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker, speaker

if TYPE_CHECKING:
    from bot.client import Criar

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between two looks for entries; the command line writes them too
AT_ONCE = 20  # entries
MAX_REASON, MAX_DETAIL = 300, 200  # characters

#: what was done, with the value it was changed to, and where the value was taken away
DONE: dict[str, tuple[str, str]] = {
    Action.SET: ("{detail} images a day", "no limit of one's own any more"),
    Action.PLAN: ("plan {detail}", "no plan of one's own any more"),
    Action.GRANT: ("granted: {detail}", "grants taken back"),
    Action.RESET: ("", "counted anew"),
    Action.BUDGET: ("{detail} images a day for all of this server", "no limit for this server any more"),
    Action.BAN: ("", "may not use the bot any more"),
    Action.UNBAN: ("", "may use the bot again"),
    Action.FORBID: ("“{detail}” is forbidden", ""),
    Action.ALLOW: ("“{detail}” is allowed again", ""),
    Action.LIFT: ("", "strikes are forgiven"),
    Action.STRIKE: ("wrote what is forbidden: {detail}", "asked for a sexualised depiction of minors"),
    Action.HELD: ("a picture was held back: {detail}", "a picture could not be looked at, and was held back"),
    Action.UNSIGNED: ("a picture left without its mark of origin: {detail}", ""),
    Action.LOG: ("changes are posted into {detail}", "changes are not posted any more"),
}


def entry_line(say: Speaker, entry: Entry) -> str:
    """An entry as a line: when, who, what, for whom, where, why."""
    who = say("the command line") if entry.actor_id == COMMAND_LINE else f"<@{entry.actor_id}>"
    whom = f"<@&{entry.role_id}>" if entry.role_id else f"<@{entry.user_id}>" if entry.user_id else ""
    line = f"<t:{int(entry.at.timestamp())}:f> {who}: {' '.join(filter(None, [whom, _what(say, entry)]))}"
    if entry.guild_id is None:
        line += f" ({say('in every server')})"
    return f"{line} – {escape_for_discord(entry.reason, MAX_REASON)}" if entry.reason else line


def _what(say: Speaker, entry: Entry) -> str:
    to, away = DONE.get(entry.action, ("{detail}", "{detail}"))
    if entry.action == Action.LOG:
        return say(to if entry.detail else away, detail=f"<#{entry.detail}>")
    return say(to if entry.detail else away, detail=escape_for_discord(entry.detail, MAX_DETAIL))


async def post_audit_regularly(client: "Criar") -> None:
    """Tell the log channels what was changed, by whomever; never returns.

    What was not told when the bot stopped is told when it starts again.
    """
    while True:
        await asyncio.sleep(LOOK)
        if not client.is_ready():
            continue
        try:
            for entry in await client.store.audit.unposted(AT_ONCE):
                await _tell(client, entry)
                await client.store.audit.set_posted(entry.id, datetime.now(UTC))
        except TROUBLE as error:
            log.info("the log channels are told later: %r", error)


async def _tell(client: "Criar", entry: Entry) -> None:
    """Tell the entry's channels, but for those that refuse it; raises where that may pass."""
    here = await client.store.quotas.log_channel(entry.guild_id) if entry.guild_id else None
    for channel_id in dict.fromkeys(filter(None, (here, client.config.discord.log_channel))):
        guild = client.get_guild(entry.guild_id) if entry.guild_id else None
        line = entry_line(speaker(str(guild.preferred_locale) if guild else "en-US"), entry)
        try:
            # Told twice, after a restart at the wrong moment, it is the same message because of its nonce.
            await client.get_partial_messageable(channel_id).send(line[:2000], nonce=f"audit-{entry.id}")
        except discord.HTTPException as error:
            if is_transient(error):
                raise
            log.warning("audit entry %d cannot be told in channel %d: %s", entry.id, channel_id, error)
