"""The language in which a member is answered."""

from bot.client import Interaction
from bot.text.translate import Speaker, speaker


def speaker_for(interaction: Interaction) -> Speaker:
    """The speaker of the language that the member chose, or else of their Discord."""
    return speaker(locale_of(interaction))


def locale_of(interaction: Interaction) -> str:
    """Discord's code of the language in which the member is answered, such as ``pt-BR``."""
    return interaction.client.languages.get(interaction.user.id) or interaction.locale.value
