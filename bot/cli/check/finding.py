"""What a look at one thing found."""

from dataclasses import dataclass
from enum import Enum


class Verdict(Enum):
    """How it was found, with the word that stands before it."""

    GOOD = "ok   "
    WARNING = "WARN "
    BAD = "FAIL "
    NEXT = "next "


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at, in plain words, with its remedy."""

    verdict: Verdict
    text: str

    @property
    def good(self) -> bool:
        """Whether the bot can work with it."""
        return self.verdict is not Verdict.BAD

    @property
    def mark(self) -> str:
        """The word before the text."""
        return self.verdict.value


def good(text: str) -> Finding:
    """All is well."""
    return Finding(Verdict.GOOD, text)


def warning(text: str) -> Finding:
    """The bot works, and the operator may want something else."""
    return Finding(Verdict.WARNING, text)


def next_step(text: str) -> Finding:
    """What the operator does next; nothing is wrong."""
    return Finding(Verdict.NEXT, text)


def bad(text: str) -> Finding:
    """It cannot work."""
    return Finding(Verdict.BAD, text)
