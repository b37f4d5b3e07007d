"""config.toml and the environment become validated settings; an error names file, key and what is allowed."""

import os
import stat
import tomllib
from pathlib import Path
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from bot.config.schema import Discord, Filter, Flooding, Generation, Plan, Quota, Rules, Section, Server, Storage
from bot.errors import ConfigError

TOKEN_VARIABLE = "DISCORD_TOKEN"  # noqa: S105 - the variable's name, not a token
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


def load(path: Path | None) -> Config:
    """The settings of the file, or the defaults if no file is named.

    Raises ConfigError naming the file, the key and what is allowed.
    """
    if path is None:
        return Config()
    _check_rights(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: there is no such file; copy config.example.toml to {path} and change it") from None
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
    """One line for one of pydantic's errors: the key, what is wrong, what stands there."""
    key = ".".join(str(part) for part in problem["loc"]) or "the file"
    if problem["type"] == "extra_forbidden":
        return f"{key}: there is no such key; config.example.toml lists all"
    message = problem["msg"].removeprefix("Value error, ").replace("Input should", "must")
    value = problem["input"]
    return f"{key}: {message}" + ("" if isinstance(value, dict) else f", not {value!r}")


def token() -> str:
    """The bot's token from the environment. Raises ConfigError if it is missing."""
    value = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not value:
        raise ConfigError(
            f"environment: {TOKEN_VARIABLE} is not set; create a bot in Discord's developer portal, "
            f"copy its token (Bot > Reset Token) and start with {TOKEN_VARIABLE}=... in the environment"
        )
    return value
