"""What can go wrong, as one tree.

GenerationError
├── RequestError      the request cannot be carried out as it stands; the person can change it
│   └── PictureError  the picture that came with it cannot be used
└── ModelError        the model cannot be loaded or run; the operator can change it

Each carries a template and its parameters instead of a finished sentence, so that whoever shows it can translate it.
"""

from collections.abc import Mapping


class GenerationError(Exception):
    """An error whose sentence is meant to be read by people; ``str(error)`` is the English sentence."""

    #: an English sentence with {names} for what is filled in
    template: str
    params: Mapping[str, str | int | float]

    def __init__(self, template: str, **params: str | int | float) -> None:
        """``template`` is filled in with ``params`` by str.format."""
        super().__init__(template.format(**params))
        self.template = template
        self.params = params


class RequestError(GenerationError):
    """The request cannot be carried out as it stands."""


class PictureError(RequestError):
    """The picture that came with the request cannot be used."""


class ModelError(GenerationError):
    """The model cannot be loaded or run."""
