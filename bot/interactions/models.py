"""The models that a member may use."""

from datetime import UTC, datetime

from bot.client import Interaction
from bot.interactions.acknowledge import person_of
from bot.interactions.language import policy_of
from generation import Catalogue


async def usable_models(interaction: Interaction) -> Catalogue:
    """The models that the member's plan includes and the server's admins allow, in the order of the configuration."""
    client, policy = interaction.client, policy_of(interaction)
    allowance = await client.store.allowance(person_of(interaction), datetime.now(UTC))
    plan = client.config.plans[allowance.plan]
    return client.catalogue.only(lambda model: plan.allows(model) and policy.allows(model))
