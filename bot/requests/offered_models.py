"""The models that this bot offers: what the configuration and their downloads say, and which one a person means."""

import logging
from pathlib import Path

from bot.config import Config
from bot.errors import ConfigError, Refusal
from generation import (
    Catalogue,
    GenerationError,
    HubError,
    LoraSpec,
    ModelError,
    ModelSpec,
    RequestError,
    Task,
    downloads,
    read_models,
    read_pins,
    write_pins,
)

log = logging.getLogger(__name__)

PINS = "models.json"  # in storage.folder


def pins_file(config: Config) -> Path:
    """Where downloads are recorded."""
    return config.storage.folder / PINS


def workers_folder(config: Config) -> Path:
    """Where workers keep what they measured of models and made of them."""
    return config.storage.folder / "generation"


def known(config: Config, *, pinned: bool = True) -> Catalogue:
    """Every model that could be offered: the shipped ones, those of further files, and the operator's own.

    If ``pinned``, each at the commit that its download recorded.

    Raises ConfigError naming file, entry and key if one cannot be used.
    """
    try:
        own = read_models(config.generation.own, "generation.own", Path())
        catalogue = Catalogue.load(*config.generation.catalogues, own=own)
        return catalogue.pinned(read_pins(pins_file(config))) if pinned else catalogue
    except GenerationError as error:
        raise ConfigError(str(error)) from error


def offered(config: Config) -> Catalogue:
    """The models that members may use: those that generation.models names, and the operator's own.

    Raises ConfigError as known() does, if nothing matches a name or pattern, and if a model cannot be loaded as said.
    """
    catalogue = known(config)
    own = [str(entry.get("id")) for entry in config.generation.own]
    try:
        chosen = catalogue.offered((*config.generation.models, *own))
    except GenerationError as error:
        raise ConfigError(f"generation.models: {error}") from error
    try:
        return chosen.costing(config.generation.cost).loading(config.generation.loading_of, "generation.loading")
    except GenerationError as error:
        raise ConfigError(str(error)) from error


def pin_new(config: Config) -> None:
    """Pin each offered model of the hub without a recorded commit, so that the first use downloads what later ones do.

    Blocks; if the hub cannot be reached, the next start tries again.
    """
    path = pins_file(config)
    catalogue, pins = offered(config), read_pins(path)
    specs: tuple[ModelSpec | LoraSpec, ...] = (*catalogue.models, *catalogue.loras)
    for spec in specs:
        if spec.revision or not downloads.is_of_hub(spec):
            continue
        try:
            pins[spec.id] = downloads.look_up(spec)
        except ModelError as error:
            log.warning("%s is not pinned yet: %s", spec.id, error)
            if isinstance(error, HubError):
                break
            continue
        write_pins(path, pins)


def model_named(catalogue: Catalogue, name: str) -> str:
    """The id of the model with this id or title, however it is written; the name itself if there is none."""
    wanted = _folded(name)
    for spec in catalogue.models:
        # A suggestion shows the title with a description behind it, in the member's language.
        if wanted in (_folded(spec.id), _folded(spec.title)) or wanted.startswith(f"{_folded(spec.title)}: "):
            return spec.id
    return name.strip()


def _folded(name: str) -> str:
    return " ".join(name.casefold().split())


def scheduler_named(spec: ModelSpec, name: str | None) -> str | None:
    """The model's scheduler of this name, however it is written; the name itself if there is none."""
    if name is None:
        return None
    return next((each for each in spec.schedulers if _folded(each) == _folded(name)), name)


def can(catalogue: Catalogue, model: str | None, task: Task) -> bool:
    """Whether the model is offered, still, and does the task."""
    return any(spec.id == model and task in spec.tasks for spec in catalogue.models)


def editor(catalogue: Catalogue) -> ModelSpec:
    """The model that changes pictures after an instruction. Raises Refusal if none is configured."""
    try:
        return catalogue.first(Task.EDIT)
    except RequestError:
        raise Refusal(
            "No editing model is set up here; /img2img with a strength of 0.3 to 0.6 changes an image with a prompt."
        ) from None
