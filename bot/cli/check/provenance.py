"""[provenance]: whether pictures can be signed."""

from datetime import UTC, datetime

from bot.cli.check.finding import Finding, bad, good, warning
from bot.config import Config
from bot.errors import ConfigError
from bot.messages.credentials import ContentCredentials


def look_at_provenance(config: Config) -> Finding:
    """Who signs, and until when."""
    if config.provenance.c2pa == "off":
        return good("Pictures leave unsigned, as provenance.c2pa says; docs/provenance.md says more")
    try:
        credentials = ContentCredentials(config.provenance, config.storage.folder)
        name, until = credentials.signs_as
    except ConfigError as error:
        return bad(str(error))
    if ending := credentials.ending(datetime.now(UTC)):
        return warning(ending)
    return good(f"Pictures are signed by {name}, until {until:%Y-%m-%d} without a new certificate")
