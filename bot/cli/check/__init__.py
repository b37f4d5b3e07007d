"""What would go wrong, said before it does: each finding in plain words, with its remedy."""

import os
from collections.abc import Iterator

from bot.cli.check.cluster import look_at_cluster
from bot.cli.check.devices import look_at_devices
from bot.cli.check.discord_token import application_id, invitation, look_at_token
from bot.cli.check.finding import Finding, good, next_step
from bot.cli.check.models import look_at_models
from bot.cli.check.provenance import look_at_provenance
from bot.cli.check.storage import look_at_storage
from bot.config import TOKEN_VARIABLE, Config

__all__ = ["Finding", "application_id", "check"]


def check(config: Config, *, online: bool, first: bool = False) -> Iterator[Finding]:
    """Look at everything that the bot needs before it starts; the token is tried at Discord if ``online``.

    When the configuration was just written (``first``), a token that is not set yet is the next step, not a failure.
    """
    token_comes_next = first and not os.environ.get(TOKEN_VARIABLE)
    if not token_comes_next:
        yield look_at_token(config, online=online)
    storage = list(look_at_storage(config.storage.folder))
    yield from storage
    if all(finding.good for finding in storage):
        yield look_at_provenance(config)
    yield from look_at_devices(config)
    yield from look_at_models(config)
    if config.generation.cluster:
        yield look_at_cluster(config.generation.cluster)
    application = application_id(os.environ.get(TOKEN_VARIABLE, ""))
    if application:
        yield good(f"Invite the bot to a server with {invitation(application)}")
    if token_comes_next:
        yield next_step(
            f"Set {TOKEN_VARIABLE} in the environment to the token of Discord's developer portal (Bot > Reset Token), "
            "then run criar check; it also gives the link that invites the bot"
        )
