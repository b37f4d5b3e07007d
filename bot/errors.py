"""Errors of the bot's own; those of the generation module stand in generation/errors.py.

Refusal           a person asked for something that cannot be; the sentence is for that person
├── NotEnough     fewer pictures would do
└── Unavailable   disk or database cannot be used just now; the operator finds the reason in the log
ConfigError       the configuration cannot be used; the sentence is for the operator
"""

from generation import SentenceError


class Refusal(SentenceError):
    """A person asked for something that cannot be done; its sentence is translated before it is shown."""


class NotEnough(Refusal):
    """More pictures were asked for than may be made now; ``possible`` of them may be, which can be 0."""

    def __init__(self, template: str, *, possible: int, **params: str | int | float) -> None:
        super().__init__(template, **params)
        self.possible = possible
        #: key of the offer to make so many, if one stands
        self.offer = ""


class Unavailable(Refusal):
    """The disk is full, cannot be written, or another process holds the database; it may work later."""

    def __init__(self) -> None:
        super().__init__(template="I cannot write to my disk just now; try again in a minute, or tell the operator.")


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file, the key and what is allowed."""
