"""What would go wrong, said before it does: each finding in plain words, with its remedy."""

import base64
import binascii
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import discord

from generation import GenerationError, ModelSpec, Pin, downloads, read_pins

from .asker import NEEDED_IN_CHANNEL, NEEDED_IN_THREAD
from .config import TOKEN_VARIABLE, Config, token
from .errors import ConfigError
from .offer import offered, pins_file

GIB = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    good: bool
    text: str


def check(config: Config) -> Iterator[Finding]:
    """Look at everything that the bot needs before it starts."""
    yield _token()
    yield _folder(config.storage.folder)
    yield from _models(config)
    application = application_id(os.environ.get(TOKEN_VARIABLE, ""))
    if application:
        yield Finding(good=True, text=f"Invite the bot to a server with {invitation(application)}")


def application_id(token: str) -> int | None:
    """The application's id, which a token's first part carries in base64; None where the token has another form."""
    parts = token.strip().split(".")
    if len(parts) != 3 or not all(parts):
        return None
    try:
        number = base64.urlsafe_b64decode(parts[0] + "=" * (-len(parts[0]) % 4)).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(number) if number.isdigit() else None


def invitation(application: int) -> str:
    """The link with which a server's admin invites the bot, with the permissions that it needs."""
    permissions = NEEDED_IN_CHANNEL | NEEDED_IN_THREAD
    return discord.utils.oauth_url(application, permissions=permissions, scopes=("bot", "applications.commands"))


def _token() -> Finding:
    try:
        value = token()
    except ConfigError as error:
        return Finding(good=False, text=str(error))
    if application_id(value) is None:
        return Finding(
            good=False,
            text=f"environment: {TOKEN_VARIABLE} has not the form of a bot's token (three parts joined by dots); "
            "copy it again from Discord's developer portal, Bot > Reset Token; it is neither the client secret "
            "nor the public key",
        )
    return Finding(good=True, text=f"{TOKEN_VARIABLE} has the form of a bot's token")


def _folder(folder: Path) -> Finding:
    probe = folder / ".check"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(
            good=False,
            text=f"storage.folder: {folder} cannot be written ({error.strerror}); "
            "make it writable for the bot's user, or name another folder",
        )
    return Finding(good=True, text=f"Database and pictures go to {folder.resolve()}")


def _models(config: Config) -> Iterator[Finding]:
    try:
        catalogue = offered(config)
        pins = read_pins(pins_file(config))
    except (ConfigError, GenerationError) as error:
        yield Finding(good=False, text=str(error))
        return
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    for spec in catalogue.models:
        yield _model(spec, pins, memory, on_cpu=all(device == "cpu" for device in config.generation.devices))


def _model(spec: ModelSpec, pins: Mapping[str, Pin], memory: float, *, on_cpu: bool) -> Finding:
    source = Path(spec.source)
    if source.is_absolute() and not source.exists():
        return Finding(
            good=False,
            text=f"{spec.id}: its folder {source} is absent; put it there, or take {spec.id} out of generation.models",
        )
    # Of the catalogue's 16 bits a CPU makes 32; what comes with the bot was measured there.
    needs = None if spec.memory is None else spec.memory * (2 if downloads.is_of_hub(spec) else 1)
    if on_cpu and needs is not None and needs > memory:
        return Finding(
            good=False,
            text=f"{spec.id}: needs {needs:g} GiB of memory on a CPU and this machine has {memory:.1f}; "
            f"take {spec.id} out of generation.models, or use a larger machine",
        )
    if downloads.is_of_hub(spec) and not (spec.id in pins and downloads.present(pins[spec.id])):
        size = f"{spec.weights:g} GB" if spec.weights else "several GB"
        return Finding(
            good=True,
            text=f"{spec.id}: is fetched from the hub at its first use, {size}; "
            f"python -m bot models download {spec.id} does it now",
        )
    fits = "fits" if needs is not None else "nobody knows how much memory it needs"
    return Finding(good=True, text=f"{spec.id}: its model is there and {fits}")
