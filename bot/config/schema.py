"""The tables of config.toml: each key with its default and what is allowed."""

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from generation import SEEN, ClusterConfig, Loading, Offload, Precision

MOST_IMAGES = 100_000  # a day; more is a slip of the finger
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

Snowflake = Annotated[int, Field(gt=0, lt=2**63)]


class Section(BaseModel):
    """A table of the file: frozen, and unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Discord(Section):
    """Who runs the bot, and where Discord is."""

    #: user ids of those who may do everything
    operators: tuple[Snowflake, ...] = Field(default=(), strict=False)
    #: id of a channel in which every change of quotas is posted; absent, none
    log_channel: Snowflake | None = None
    #: address of a local Discord for trying and testing; empty is the real one
    api: str = ""

    @field_validator("api")
    @classmethod
    def _loopback(cls, api: str) -> str:
        # A real token must never travel to an address that is not this machine.
        host = api.removeprefix("http://").split("/")[0].rsplit(":", 1)[0]
        if api and not (api.startswith("http://") and host in LOOPBACK):
            raise ValueError('must be empty (the real Discord) or on this machine: "http://127.0.0.1:PORT/api/v10"')
        return api.rstrip("/")


class Storage(Section):
    """Where the database and the pictures are kept."""

    folder: Path = Field(default=Path("data"), strict=False)
    #: finished pictures stay on disk this long
    keep_days: int = Field(default=7, ge=1, le=365)
    #: requests, without which no button under a picture works, and the audit log this long
    keep_requests_days: int = Field(default=365, ge=31, le=3650)


class Plan(Section):
    """What a member on this plan may use."""

    images_per_day: int = Field(default=20, ge=0, le=MOST_IMAGES)
    #: images that one request may make
    count: int = Field(default=4, ge=1, le=4)
    #: turns in a round of the queue
    priority: int = Field(default=1, ge=1, le=10)
    #: images of one member that may wait or run at the same time
    waiting: int = Field(default=20, ge=1, le=1000)
    #: ids of models, with * and ? for any letters
    models: tuple[str, ...] = Field(default=("*",), strict=False, min_length=1)
    #: pixels of a picture's longer side
    max_side: int = Field(default=4096, ge=64, le=16384)

    def allows(self, model: str) -> bool:
        """Whether the plan's patterns name this model's id."""
        return any(fnmatchcase(model, pattern) for pattern in self.models)


class Quota(Section):
    """How the day is counted, and what a server's admin may hand out."""

    #: the day begins at midnight of this time zone
    timezone: str = "UTC"
    #: images a day up to which a server's admin may bring a member; absent, it is the free plan's limit
    admin_ceiling: int | None = Field(default=None, ge=0, le=MOST_IMAGES)
    #: images a day that all members of a server may make there together; absent, there is no such limit
    server_images_per_day: int | None = Field(default=None, ge=0, le=MOST_IMAGES)

    @field_validator("timezone")
    @classmethod
    def _known(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError('must be a name of the tz database, such as "UTC" or "America/Sao_Paulo"') from None
        return timezone


class Server(Section):
    """What the operator allows in one server, if that differs from [quota]."""

    #: plans that the server's admins may give to members and roles
    plans: tuple[str, ...] = Field(default=(), strict=False)
    #: plan by the id of the role that carries it
    roles: dict[Annotated[str, Field(pattern=r"^[1-9]\d{4,18}$")], str] = Field(default_factory=dict)
    admin_ceiling: int | None = Field(default=None, ge=0, le=MOST_IMAGES)
    images_per_day: int | None = Field(default=None, ge=0, le=MOST_IMAGES)


class Flooding(Section):
    """How much may come at once."""

    #: commands, buttons and modals a minute: of one member, of one who may manage the server, of all of one server
    member_commands: int = Field(default=30, ge=1, le=1000)
    admin_commands: int = Field(default=120, ge=1, le=1000)
    server_commands: int = Field(default=600, ge=1, le=100_000)
    #: images that may wait or run, of all members of one server, and in all
    server_waiting: int = Field(default=1000, ge=1, le=1_000_000)
    waiting: int = Field(default=10_000, ge=1, le=1_000_000)


class ModelLoading(Section):
    """How models are brought to their device; what is absent is chosen by its free memory."""

    precision: Literal["bf16", "fp16", "fp32"] | None = None
    offload: Literal["none", "model", "group"] | None = None
    #: bits of quantised weights; 0 leaves them as they are
    quantised: Literal[0, 4, 8] = 0
    #: whether pictures are decoded in tiles
    vae_tiling: bool | None = None


class Log(Section):
    """What is written to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    #: as text, or as one JSON object a line
    format: Literal["text", "json"] = "text"


class Metrics(Section):
    """Where Prometheus finds the figures of this bot."""

    #: host and port, such as "127.0.0.1:9464"; empty, none are served
    address: str = ""

    @field_validator("address")
    @classmethod
    def _host_and_port(cls, address: str) -> str:
        host, _, port = address.rpartition(":")
        if address and not (host and port.isdigit() and int(port) < 2**16):
            raise ValueError('must be a host and a port, such as "127.0.0.1:9464", or empty')
        return address


class Cluster(Section):
    """A Ray cluster whose cards make pictures too."""

    #: of its head
    address: str = Field(pattern=r"^[^:/\s]+:\d{1,5}$")
    #: bots that use one cluster need different ones
    namespace: str = Field(default="criar", min_length=1, max_length=100)
    #: whether nodes without a card make pictures on their CPUs
    cpu: bool = False
    #: cards that this bot takes at most; absent, all that are free
    workers: int | None = Field(default=None, ge=1, le=10_000)

    def settings(self) -> ClusterConfig:
        """For the generation module."""
        return ClusterConfig(address=self.address, namespace=self.namespace, cpu=self.cpu, workers=self.workers)


class Generation(Section):
    """What makes the pictures."""

    #: cards of other machines; before the devices, which may be empty beside it
    cluster: Cluster | None = None
    #: one child process each
    devices: tuple[str, ...] = Field(default=("cpu",), strict=False)
    #: threads of a child on a CPU; 0 shares the machine's cores among the children
    threads: int = Field(default=0, ge=0, le=256)
    #: whether a picture's pixels do not depend on what is made beside it, at the cost of speed
    exact: bool = False
    #: seconds that a stop leaves for the pictures that are being made; the rest is made after the next start
    finish_seconds: float = Field(default=8.0, ge=0.0, le=600.0, strict=False)
    #: further catalogue files, in the form of generation/catalogue.toml
    catalogues: tuple[Annotated[Path, Field(strict=False)], ...] = Field(default=(), strict=False)
    #: models that are offered: ids of the catalogue, or patterns; the first that can do a task is its default
    models: tuple[str, ...] = Field(default=("criar-embedded", "realesr-animevideov3"), strict=False, min_length=1)
    #: models of the operator's own, in the form of the catalogue's entries; they are offered too
    own: tuple[dict[str, Any], ...] = Field(default=(), strict=False)
    #: what an image counts against the day, by id or pattern; the first that matches, else 1
    costs: dict[str, Annotated[int, Field(ge=0, le=1000)]] = Field(default_factory=dict)

    #: how models are loaded, by id or pattern; the first that matches
    loading: dict[str, ModelLoading] = Field(default_factory=dict)

    @field_validator("devices")
    @classmethod
    def _something_makes_pictures(cls, devices: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not (devices or info.data.get("cluster")):
            raise ValueError('must name one at least, such as "cpu" or "cuda:0", or there must be [generation.cluster]')
        return devices

    def loading_of(self, model_id: str) -> Loading | None:
        """How a model is loaded; None if nothing is said of it."""
        found = next((how for pattern, how in self.loading.items() if fnmatchcase(model_id, pattern)), None)
        if found is None:
            return None
        return Loading(
            precision=Precision(found.precision) if found.precision else None,
            offload=Offload(found.offload) if found.offload else None,
            quantised=found.quantised,
            vae_tiling=found.vae_tiling,
        )

    def cost(self, model_id: str) -> int:
        """What an image of this model counts against the day."""
        return next((cost for pattern, cost in self.costs.items() if fnmatchcase(model_id, pattern)), 1)


Scores = dict[str, Annotated[float, Field(ge=0, le=1, strict=False)]]


class Filter(Section):
    """Which pictures are blocked: NudeNet's classes, each with the score from which it counts."""

    #: outside age-restricted channels, and in direct messages
    strict: Scores = Field(
        default_factory=lambda: {
            "FEMALE_BREAST_EXPOSED": 0.4,
            "FEMALE_GENITALIA_EXPOSED": 0.3,
            "MALE_GENITALIA_EXPOSED": 0.3,
            "ANUS_EXPOSED": 0.3,
            "BUTTOCKS_EXPOSED": 0.5,
        }
    )
    #: within them
    age_restricted: Scores | Literal["strict"] = "strict"

    @field_validator("strict", "age_restricted")
    @classmethod
    def _known(cls, scores: Scores | str) -> Scores | str:
        if not isinstance(scores, str) and (unknown := set(scores) - set(SEEN)):
            raise ValueError(f"{', '.join(sorted(unknown))} is no class of the filter; there are {', '.join(SEEN)}")
        return scores

    def scores(self, *, age_restricted: bool) -> Scores:
        """What counts in a channel."""
        return self.age_restricted if age_restricted and self.age_restricted != "strict" else self.strict


class Rules(Section):
    """What prompts may not contain, and what happens to those who write it."""

    #: words and phrases; * at an end stands for any letters
    words: tuple[str, ...] = Field(default=(), strict=False)
    #: regular expressions, looked for in small letters without accents
    patterns: tuple[str, ...] = Field(default=(), strict=False)
    #: strikes count this long
    strike_days: int = Field(default=7, ge=1, le=365)
    #: minutes of a time-out after the first, the second, … strike; the last counts for all further
    timeouts: tuple[Annotated[int, Field(ge=0, le=525_600)], ...] = Field(
        default=(0, 0, 10, 60, 1440), strict=False, min_length=1
    )
    #: refused prompts are kept this long for admins and the operator to see
    keep_strikes_days: int = Field(default=90, ge=1, le=3650)
    #: pictures being made already that a member may cancel within a day; further ones are made and count
    late_cancels: int = Field(default=10, ge=0, le=100_000)

    @field_validator("patterns")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from None
        return patterns


class SigningFiles(Section):
    """Certificates of the operator's own, as PEM files."""

    #: the signer's certificate first, then those up to its authority
    certificates: Path = Field(strict=False)
    #: unencrypted
    key: Path = Field(strict=False)


class Provenance(Section):
    """How a picture says that a machine made it."""

    #: the signed manifest in each file: with certificates made here, with the operator's own, or none
    c2pa: Literal["auto", "off"] | SigningFiles = "auto"
    #: file of the authorities, PEM, whose signatures on others' pictures count as trusted
    trusted: Path | None = Field(default=None, strict=False)
    #: whether pictures carry an invisible watermark
    watermark: bool = False
    #: what is written into a picture's corner
    label: Literal["none", "corner"] = "none"
    #: whether members may choose that their prompts stand in their files
    prompt: bool = True
