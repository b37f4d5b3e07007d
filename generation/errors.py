"""What can go wrong, as one tree.

SentenceError             an error that people read; bot/errors.py has further kinds
└── GenerationError
    ├── RequestError      the request cannot be carried out as it stands; the person can change it
    │   └── PictureError  the picture that came with it cannot be used
    └── ModelError        the model cannot be loaded or run; the operator can change it

Each carries a sentence as a template with parameters, so that whoever shows it can translate it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence for people, not translated yet: ``Sentence("{n} pictures wait.", {"n": 3})``."""

    template: str
    params: Mapping[str, str | int | float] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the English sentence."""
        return self.template.format(**self.params)


class SentenceError(Exception):
    """An error whose sentence is meant to be read by people; ``str(error)`` is the English sentence."""

    def __init__(self, template: str, **params: str | int | float) -> None:
        self.sentence = Sentence(template, params)
        super().__init__(str(self.sentence))

    @property
    def template(self) -> str:
        """The sentence's template."""
        return self.sentence.template

    @property
    def params(self) -> Mapping[str, str | int | float]:
        """The sentence's parameters."""
        return self.sentence.params


class GenerationError(SentenceError):
    """The generation module cannot do what was asked."""


class RequestError(GenerationError):
    """The request cannot be carried out as it stands."""


class PictureError(RequestError):
    """The picture that came with the request cannot be used."""


class ModelError(GenerationError):
    """The model cannot be loaded or run."""
