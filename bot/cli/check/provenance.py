"""[provenance]: whether pictures can be signed."""

from datetime import UTC, datetime

from bot.background.certificate_expiry import ending
from bot.cli.check.finding import Finding, bad, good, warning
from bot.config import Config
from bot.errors import ConfigError
from bot.messages.content_credentials import ContentCredentials
from bot.store import CERTIFICATES


def look_at_provenance(config: Config) -> Finding:
    """Who signs, and until when."""
    if config.provenance.c2pa == "off":
        return good("Pictures leave unsigned, as provenance.c2pa says; docs/provenance.md says more")
    if config.provenance.c2pa == "auto" and not (config.storage.folder / CERTIFICATES).exists():
        return _first_time(config)
    try:
        credentials = ContentCredentials(config.provenance, config.storage.folder)
        name, until = credentials.signs_as
    except ConfigError as error:
        return bad(str(error))
    if said := ending(credentials, datetime.now(UTC)):
        return warning(said)
    return good(f"Pictures are signed by {name}, until {until:%Y-%m-%d} without a new certificate")


def _first_time(config: Config) -> Finding:
    """What can be said before the first start, at which the bot makes the certificates as its own user."""
    settings = config.provenance.model_copy(update={"c2pa": "off", "watermark": False})
    try:
        credentials = ContentCredentials(settings, config.storage.folder)
        if config.provenance.watermark:
            credentials.check_watermark()
    except ConfigError as error:
        return bad(str(error))
    return good("Pictures are signed, with certificates that are made at the first start")
