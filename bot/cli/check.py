"""What would go wrong, said before it does: each finding in plain words, with its remedy."""

import base64
import binascii
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import discord

from bot.config import TOKEN_VARIABLE, Config, token
from bot.errors import ConfigError
from bot.interactions.acknowledge import NEEDED_IN_CHANNEL, NEEDED_IN_THREAD
from bot.requests.offered_models import offered, pins_file
from generation import GenerationError, ModelSpec, Pin, Precision, downloads, machine, read_pins

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
    """The application's id, which a token's first part carries in base64; None if the token has another form."""
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
    on_cpu = all(device == "cpu" for device in config.generation.devices)
    memory = machine.memory() / GIB if on_cpu else _card()
    for spec in catalogue.models:
        yield _model(spec, pins, memory, on_cpu=on_cpu)


def _card() -> float | None:
    """GiB of the smallest NVIDIA card; None if its driver does not say."""
    query = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        said = subprocess.run(query, capture_output=True, text=True, check=True, timeout=10).stdout  # noqa: S603
        return min(float(line) for line in said.split()) / 1024
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def _model(spec: ModelSpec, pins: Mapping[str, Pin], memory: float | None, *, on_cpu: bool) -> Finding:
    source = Path(spec.source)
    if source.is_absolute() and not source.exists():
        return Finding(
            good=False,
            text=f"{spec.id}: its folder {source} is absent; put it there, or take {spec.id} out of generation.models",
        )
    good, fits = _fits(spec, memory, on_cpu=on_cpu)
    return Finding(good=good, text=f"{spec.id}: {_where(spec, pins)}; {fits}")


def _where(spec: ModelSpec, pins: Mapping[str, Pin]) -> str:
    if not downloads.is_of_hub(spec) or (spec.id in pins and downloads.present(pins[spec.id])):
        return "its model is there"
    size = f"{spec.weights:g} GB" if spec.weights else "several GB"
    command = f"python -m bot models download {spec.id}"
    return f"is fetched from the hub at its first use, {size} ({command} does it now)"


def _fits(spec: ModelSpec, memory: float | None, *, on_cpu: bool) -> tuple[bool, str]:
    """Whether it can be loaded, and what to say of its memory."""
    if spec.memory is None or memory is None:
        return True, "whether it fits is not known"
    # A CPU makes 32 bits of the catalogue's 16, unless the entry says otherwise; models of ours were measured there.
    doubled = on_cpu and downloads.is_of_hub(spec) and spec.loading.precision in (None, Precision.FP32)
    needs = spec.memory * (2 if doubled else 1)
    if needs <= memory:
        return True, "it fits"
    if not on_cpu:
        return (
            True,
            f"it needs {needs:g} GiB, of which the card has {memory:.1f}: parts wait beside it, slower",
        )
    return False, (
        f"it needs {needs:g} GiB of memory on a CPU and this machine has {memory:.1f}; "
        f"take {spec.id} out of generation.models, or use a larger machine"
    )
