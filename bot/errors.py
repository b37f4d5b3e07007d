"""Errors of the bot's own; those of the generation module stand in generation/errors.py.

Refusal        a person asked for something that cannot be; the sentence is for that person
ConfigError    the configuration cannot be used; the sentence is for the operator
"""


class Refusal(Exception):
    """A person asked for something that cannot be done; ``template`` is translated before it is shown."""

    def __init__(self, template: str, **params: str | int | float) -> None:
        super().__init__(template.format(**params))
        self.template = template
        self.params = params


class ConfigError(Exception):
    """The configuration cannot be used; the message names the file, the key and what is allowed."""
