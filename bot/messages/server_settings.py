"""What stands on the page of /server settings, and the words for choices that members and admins have."""

from collections.abc import Iterable

from bot.store import Blocking, Ping, Replies, ServerPolicy
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

LANGUAGES = {"en-US": "English", "pt-BR": "Português do Brasil", "es-ES": "Español"}
PINGS = {Ping.NEVER: "never", Ping.LONG: "after long waits", Ping.ALWAYS: "always"}
BLOCKINGS = {
    Blocking.OPERATOR: "as the bot's operator set it",
    Blocking.STRICT: "nudity, in age-restricted channels too",
    Blocking.TIGHT: "also what may only look like nudity",
}
REPLY_CHOICES = {
    Replies.INSTRUCTIONS: "clear instructions; if in doubt, I ask",
    Replies.ASK: "always ask the author first",
    Replies.MENTIONS: "only those that mention me",
}
MAX_SHOWN = 300  # characters
Row = tuple[str, str | None]


def server_page(say: Speaker, policy: ServerPolicy, replies: Replies, budget: int | None) -> str:
    """What a server's admins chose for it."""
    rows = [
        (say("Channels"), " ".join(f"<#{channel}>" for channel in policy.channels) or say("all")),
        (say("Members"), " ".join(f"<@&{role}>" for role in policy.roles) or say("all")),
        *_of_models(say, policy),
        (say("Replies"), say(REPLY_CHOICES[replies])),
        (say("Ping when ready"), say(PINGS[Ping(policy.ping)]) if policy.ping else None),
        *_of_pace(say, policy),
        (say("Images a day, of all members together"), None if budget is None else str(budget)),
    ]
    return "\n".join([say("What counts in this server:"), *_lines(rows, say("the default"))])


def channel_page(say: Speaker, policy: ServerPolicy, channel_id: int) -> str:
    """What a server's admins chose for one of its channels."""
    rows = [*_of_models(say, policy), *_of_pace(say, policy)]
    title = say("What counts in {channel}:", channel=f"<#{channel_id}>")
    return "\n".join([title, *_lines(rows, say("as in the server"))])


def _of_models(say: Speaker, policy: ServerPolicy) -> list[Row]:
    return [
        (say("Default model"), policy.model or None),
        (say("Allowed models"), escape_for_discord(", ".join(policy.models), MAX_SHOWN) or None),
        (say("Blocked pictures"), say(BLOCKINGS[policy.blocking]) if policy.blocking else None),
    ]


def _of_pace(say: Speaker, policy: ServerPolicy) -> list[Row]:
    pace = policy.slow_mode
    return [
        (say("Language"), LANGUAGES.get(policy.language)),
        (say("Slow mode"), None if pace is None else say("{seconds} s between two requests", seconds=pace)),
    ]


def _lines(rows: Iterable[Row], usual: str) -> list[str]:
    return [f"**{name}**: {usual if value is None else value}" for name, value in rows]
