"""The language in which a member is answered, and what else is chosen where they are."""

from bot.client import Interaction
from bot.requests.requester import channels_of
from bot.store import ServerPolicy
from bot.text.translate import Speaker, speaker


def speaker_for(interaction: Interaction) -> Speaker:
    """The speaker of the language that the member chose, or else of their Discord."""
    return speaker(locale_of(interaction))


def locale_of(interaction: Interaction) -> str:
    """Discord's code of the language that the member, the server's admins or their Discord chose: ``pt-BR``."""
    chosen = interaction.client.languages.get(interaction.user.id)
    return chosen or policy_of(interaction).language or interaction.locale.value


def policy_of(interaction: Interaction) -> ServerPolicy:
    """What the server's admins chose for this channel."""
    return interaction.client.store.policies.of(interaction.guild_id, channels_of(interaction.channel))
