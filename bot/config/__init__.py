"""config.toml and the environment become validated settings; an error names file, key and what is allowed."""

import os
import stat
import tomllib
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.config.schema import (
    Discord,
    Filter,
    Flooding,
    Generation,
    Log,
    Metrics,
    Plan,
    Provenance,
    Quota,
    Rules,
    Section,
    Server,
    SigningFiles,
    Storage,
)
from bot.errors import ConfigError
from generation import allowed

TOKEN_VARIABLE = "DISCORD_TOKEN"  # noqa: S105 - the variable's name, not a token
FILE_VARIABLE = "CRIAR_CONFIG"
FILE = Path("config.toml")  # in the working directory, if neither the command line nor the environment names one
FREE = "free"


class Config(Section):
    """The whole file."""

    discord: Discord = Discord()
    storage: Storage = Storage()
    plans: dict[str, Plan] = Field(default_factory=lambda: {FREE: Plan()})
    quota: Quota = Quota()
    #: by the server's id
    servers: dict[Annotated[str, Field(pattern=r"^[1-9]\d{4,18}$")], Server] = Field(default_factory=dict)
    flooding: Flooding = Flooding()
    generation: Generation = Generation()
    filter: Filter = Filter()
    rules: Rules = Rules()
    log: Log = Log()
    metrics: Metrics = Metrics()
    provenance: Provenance = Provenance()

    @model_validator(mode="after")
    def _known_plans(self) -> Self:
        if FREE not in self.plans:
            raise ValueError("plans must contain the plan [plans.free], which everybody has who has no other")
        for server_id, server in self.servers.items():
            for plan in (*server.plans, *server.roles.values()):
                if plan not in self.plans:
                    known = ", ".join(self.plans)
                    raise ValueError(f"servers.{server_id} names the plan {plan}, and there are only {known}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The time zone whose midnight begins a day."""
        return ZoneInfo(self.quota.timezone)

    def server(self, guild_id: int | None) -> Server:
        """What the operator allows in a server."""
        return self.servers.get(str(guild_id), Server())

    def ceiling(self, guild_id: int | None) -> int:
        """Images a day up to which an admin of this server may bring a member."""
        for ceiling in (self.server(guild_id).admin_ceiling, self.quota.admin_ceiling):
            if ceiling is not None:
                return ceiling
        return self.plans[FREE].images_per_day

    def budget(self, guild_id: int) -> int | None:
        """Images a day that this server's members may make there together; None if the operator sets no limit."""
        own = self.server(guild_id).images_per_day
        return self.quota.server_images_per_day if own is None else own


def find() -> Path | None:
    """The file that CRIAR_CONFIG names, else ./config.toml if there is one, else None."""
    named = os.environ.get(FILE_VARIABLE, "")
    return Path(named) if named else FILE if FILE.exists() else None


def load(path: Path | None) -> Config:
    """The settings of the file, or the defaults if no file is named. Folders are relative to the file.

    Raises ConfigError naming the file, the key and what is allowed.
    """
    config = _anchored(_read(path), path.absolute().parent) if path else Config()
    folder = config.storage.folder
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"storage.folder: {folder} is a file; name a folder, or move the file away")
    return config


def _anchored(config: Config, base: Path) -> Config:
    """The same settings with paths that do not depend on where the bot is started."""
    storage = config.storage.model_copy(update={"folder": base / config.storage.folder})
    own = [
        entry | {key: str(base / entry[key]) for key in ("source", "base") if _is_path(entry.get(key), base)}
        for entry in config.generation.own
    ]
    catalogues = [base / file for file in config.generation.catalogues]
    generation = config.generation.model_copy(update={"own": tuple(own), "catalogues": tuple(catalogues)})
    provenance = config.provenance
    if isinstance(signing := provenance.c2pa, SigningFiles):
        files = {"certificates": base / signing.certificates, "key": base / signing.key}
        provenance = provenance.model_copy(update={"c2pa": signing.model_copy(update=files)})
    if provenance.trusted:
        provenance = provenance.model_copy(update={"trusted": base / provenance.trusted})
    return config.model_copy(update={"storage": storage, "generation": generation, "provenance": provenance})


def _is_path(value: object, base: Path) -> bool:
    """Whether an entry's source is a path rather than a repository of the hub."""
    return isinstance(value, str) and (value.startswith(("./", "../")) or (base / value).exists())


def _read(path: Path) -> Config:
    _check_rights(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: there is no such file; criar init writes one, or copy config.example.toml"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {_problem(problem)}" for problem in error.errors())) from None


def _check_rights(path: Path) -> None:
    """Raise ConfigError if others can write the file: they could change where the bot writes and what it runs."""
    try:
        found = path.stat()
    except OSError:
        return  # reading it says why not
    others = found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and found.st_gid != os.getegid())
    if stat.S_ISREG(found.st_mode) and others:
        raise ConfigError(f"{path}: others can write this file; run: chmod go-w {path}")


def _problem(problem: ErrorDetails) -> str:
    """One line for one of pydantic's errors: the key, what is allowed, what stands there."""
    loc = [str(part) for part in problem["loc"] if part != "[key]"]
    key = ".".join(loc) or "the file"
    match problem["type"]:
        case "extra_forbidden":
            return f"{key}: there is no such key; config.example.toml lists all"
        case "string_pattern_mismatch":
            return f"{key}: must be an id of Discord, which is a number, not {problem['input']!r}"
    value = problem["input"]
    said = allowed(problem)
    return f"{key}: {said}" + ("" if isinstance(value, dict) or said.startswith("there") else f", not {value!r}")


def token() -> str:
    """The bot's token from the environment. Raises ConfigError if it is missing."""
    value = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not value:
        raise ConfigError(
            f"environment: {TOKEN_VARIABLE} is not set; create a bot in Discord's developer portal, "
            f"copy its token (Bot > Reset Token) and start with {TOKEN_VARIABLE}=... in the environment"
        )
    return value
