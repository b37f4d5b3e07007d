"""Where the pictures of a request went, and what its member is told of it. Pure."""

from dataclasses import dataclass
from enum import Enum

from bot.store import JobRow, State
from bot.text.translate import Speaker


class Way(Enum):
    """How the pictures of a request were brought."""

    HERE = "where they were asked for"
    DIRECTLY = "in a direct message"
    PRIVATELY = "in the member's private answer"


@dataclass(frozen=True, slots=True)
class Brought:
    """The way that the pictures took, and why it was not the usual one."""

    way: Way = Way.HERE
    #: Discord's code of the error with which the channel refused them
    code: int = 0
    #: the address of the direct message
    link: str = ""


#: why a channel refuses pictures, by Discord's code of the error
REASONS = {
    200000: "this server's AutoMod does not let it pass",
    200001: "this server's AutoMod does not let it pass",
    50001: "I may not see this channel",
    50013: "I may not post pictures here",
    50083: "this thread is archived or locked",
    10003: "the channel is gone",
    10008: "my message was deleted",
}
UNKNOWN_REASON = "Discord refused it"


def reason(say: Speaker, code: int) -> str:
    """Why a channel refused the pictures, as a part of a sentence."""
    return say.as_it_stands(REASONS.get(code, UNKNOWN_REASON))


def farewell(say: Speaker, job: JobRow, brought: Brought, left: int, limit: int) -> str:
    """The last words of a private answer: that the pictures are ready, where they are and why, and what is left."""
    made = len(job.of_state(State.FINISHED))
    done = (
        say.plural("Your picture is ready.", "Your {n} pictures are ready.", made) if made else say("Nothing was made.")
    )
    lines = [f"{done} {say('You have {left} of {limit} images left today.', left=left, limit=limit)}"]
    if brought.way is Way.DIRECTLY:
        said = say(
            "I could not post it here ({reason}), so I sent it to you directly:", reason=reason(say, brought.code)
        )
        lines.append(f"{said} {brought.link}".strip())
    if made:
        lines.append(say.small_print(job.notes))
    return "\n".join(filter(None, lines))


def settled(say: Speaker, brought: Brought) -> str:
    """What stands in the place of an announcement whose pictures went elsewhere."""
    if brought.way is Way.DIRECTLY:
        return say("sent directly, since {reason}", reason=reason(say, brought.code))
    return say("shown only to the member who asked, since {reason}", reason=reason(say, brought.code))


def elsewhere(say: Speaker, brought: Brought, guild: str) -> str:
    """What is said under pictures that did not get to their channel."""
    return say("I could not post it in {place}: {reason}.", place=guild, reason=reason(say, brought.code))


def kept(say: Speaker, code: int) -> str:
    """What a member is told whose pictures cannot be brought in any way."""
    return say(
        "It is ready, but I cannot deliver it to you: {reason}, and your direct messages are closed to me. "
        "I will keep it and try again; open your direct messages, or ask an admin to let me post here. It "
        "counts against your day.",
        reason=reason(say, code),
    )
