"""An entry of the audit log as a line of words."""

from bot.store import COMMAND_LINE, Action, Entry
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

MAX_REASON, MAX_DETAIL = 300, 200  # characters

#: what was done: with the value it was changed to, and if the value was removed
DONE: dict[str, tuple[str, str]] = {
    Action.SET: ("{detail} images a day", "no personal limit now"),
    Action.PLAN: ("plan {detail}", "no personal plan now"),
    Action.GRANT: ("granted: {detail}", "grants taken back"),
    Action.RESET: ("", "daily count reset"),
    Action.BUDGET: ("{detail} images a day for all of this server", "no limit for this server now"),
    Action.BAN: ("cannot use the bot until {detail}", "can no longer use the bot"),
    Action.UNBAN: ("", "can use the bot again"),
    Action.FORBID: ("“{detail}” is forbidden", ""),
    Action.ALLOW: ("“{detail}” is allowed again", ""),
    Action.LIFT: ("", "strikes are forgiven"),
    Action.STRIKE: ("used a forbidden word: {detail}", "asked for a sexualised depiction of minors"),
    Action.HELD: ("a picture was blocked: {detail}", "a picture could not be checked, and was blocked"),
    Action.CANCEL: ("images cancelled: {detail}", ""),
    Action.PAUSE: ("no requests are taken: {detail}", "requests are taken again"),
    Action.ANNOUNCE: ("announced in {detail}", ""),
    Action.SETTINGS: ("settings: {detail}", ""),
    Action.MODERATORS: ("moderators are those with {detail}", "moderators are those whom Discord lets moderate"),
    Action.UNSIGNED: ("a picture left without its mark of origin: {detail}", ""),
    Action.LOG: ("changes are posted in {detail}", "changes are no longer posted"),
}

#: what each kind of entry is called where one is chosen
AUDIT_KINDS: dict[Action, str] = {
    Action.SET: "members' limits",
    Action.PLAN: "plans given",
    Action.GRANT: "images granted",
    Action.RESET: "counts reset",
    Action.BUDGET: "the server's limit",
    Action.BAN: "members banned",
    Action.UNBAN: "bans lifted",
    Action.LOG: "the log channel",
    Action.CANCEL: "requests cancelled",
    Action.MODERATORS: "who moderates",
    Action.PAUSE: "pauses",
    Action.ANNOUNCE: "announcements",
    Action.SETTINGS: "the server's settings",
    Action.FORBID: "words forbidden",
    Action.ALLOW: "words allowed again",
    Action.LIFT: "strikes forgiven",
    Action.STRIKE: "forbidden words used",
    Action.HELD: "pictures blocked",
    Action.UNSIGNED: "pictures left unsigned",
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
    if entry.action == Action.MODERATORS:
        return say(to if entry.detail else away, detail=f"<@&{entry.detail}>")
    if entry.action in (Action.LOG, Action.ANNOUNCE):
        return say(to if entry.detail else away, detail=f"<#{entry.detail}>")
    return say(to if entry.detail else away, detail=escape_for_discord(entry.detail, MAX_DETAIL))
