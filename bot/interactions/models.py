"""The models that a member may use."""

from datetime import UTC, datetime

from bot.client import Interaction
from bot.interactions.acknowledge import person_of
from generation import Catalogue


async def usable_models(interaction: Interaction) -> Catalogue:
    """The models that the member's plan includes, in the order of the configuration."""
    client = interaction.client
    allowance = await client.store.allowance(person_of(interaction), datetime.now(UTC))
    return client.catalogue.only(client.config.plans[allowance.plan].allows)
