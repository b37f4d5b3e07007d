"""An entry of the audit log as a line of words."""

from bot.store import COMMAND_LINE, Action, Entry
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

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
