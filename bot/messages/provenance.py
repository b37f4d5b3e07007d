"""Where a picture comes from, in plain words."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker
from generation import Parameters
from generation.provenance import Provenance, Signature, Trust

MAX_SHOWN = 150  # characters of what somebody else wrote

ShowTime = Callable[[datetime], str]


def discord_time(when: datetime) -> str:
    """The time as each reader's Discord shows it."""
    return f"<t:{int(when.timestamp())}:f>"


def describe_origin(
    say: Speaker, found: Provenance, made_at: datetime | None, parameters: Parameters | None, show: ShowTime
) -> list[str]:
    """Lines on what a picture says of where it comes from, the verdict first.

    ``made_at`` is what its watermark says if that is this installation's.
    """
    verdicts = list(_verdicts(say, found, made_at, show))
    if not verdicts and parameters:
        verdicts = [say("It carries the settings of {tool}, which anybody could have written.", tool=parameters.tool)]
    if not verdicts:
        verdicts = [say("I found no mark of where it comes from, which proves nothing.")]
    return [*verdicts, *(_rows(say, found.signature) if found.signature else ())]


def _verdicts(say: Speaker, found: Provenance, made_at: datetime | None, show: ShowTime) -> Iterator[str]:
    signature = found.signature
    ours = signature and signature.trust is Trust.OURS
    if signature and ours and signature.valid:
        when = _time(signature.when)
        at = show(when) if when else "?"
        yield say("**This bot made it** ({when}), and it was not altered since.", when=at)
    elif signature and ours and signature.changed:
        yield say("**This bot made it, but it was altered since.**")
    elif made_at:
        yield say(
            "**This bot made it** ({when}). Its signature is missing or not valid, so it may have been altered since.",
            when=show(made_at),
        )
    elif signature:
        yield from _of_others(say, signature, by_model=found.by_model)
    elif found.by_model:
        yield say("**It says that a machine made it**, or part of it, but unsigned: anybody could have written that.")
    if found.mark and not made_at:
        yield say("It carries an invisible watermark that is not this bot's.")


def _of_others(say: Speaker, signature: Signature, *, by_model: bool) -> Iterator[str]:
    who = escape_for_discord(signature.organization or signature.name, MAX_SHOWN) or "?"
    if signature.changed:
        yield say("**{who} signed it, and it was altered since.**", who=who)
        return
    if not signature.valid:
        yield say("**Its signature is not valid**, so nothing that it says can be relied on.")
        return
    if by_model:
        yield say("**A machine made it**, or part of it, says {who}.", who=who)
    else:
        yield say("{who} signed it, and does not say that a machine made it.", who=who)
    if signature.trust is Trust.LISTED:
        yield say("The signature is valid, and the operator of this bot trusts whoever vouches for it.")
    else:
        yield say("The signature is valid, but nobody whom this bot knows vouches for it.")


def _rows(say: Speaker, signature: Signature) -> Iterator[str]:
    rows = [
        (say("Signed by"), ", ".join(filter(None, (signature.organization, signature.name)))),
        (say("Program"), signature.generator),
        (say("Model"), ", ".join(signature.models)),
        (say("Settings"), signature.description),
    ]
    for name, value in rows:
        if value:
            yield f"**{name}**: {escape_for_discord(value, MAX_SHOWN)}"


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return None
