"""[provenance]: whether pictures can be signed."""

from bot.cli.check.finding import Finding, bad, good
from bot.config import Config
from bot.errors import ConfigError
from bot.messages.credentials import ContentCredentials


def look_at_provenance(config: Config) -> Finding:
    """Who signs, and until when."""
    if config.provenance.c2pa == "off":
        return good("Pictures leave unsigned, as provenance.c2pa says; docs/provenance.md says more")
    try:
        name, until = ContentCredentials(config.provenance, config.storage.folder).signs_as
    except ConfigError as error:
        return bad(str(error))
    return good(f"Pictures are signed by {name}, until {until:%Y-%m-%d} without a new certificate")
