"""The offered models: whether they are there, can be fetched, fit, and are models at all."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from bot import hardware
from bot.cli.check.finding import Finding, bad, good, warning
from bot.cli.check.own_models import flaw_of
from bot.cli.recommendation import RESERVED, WORDS, Way, is_gated, way
from bot.config import Config
from bot.errors import ConfigError
from bot.requests.offered_models import offered, pins_file
from generation import Catalogue, GenerationError, ModelSpec, Pin, Precision, downloads, read_pins


def look_at_models(config: Config) -> Iterator[Finding]:
    """Each offered model, then the patterns of other settings that match none."""
    try:
        catalogue = offered(config)
        pins = read_pins(pins_file(config))
    except (ConfigError, GenerationError) as error:
        yield bad(str(error))
        return
    on_cpu = all(device == "cpu" for device in config.generation.devices)
    cards = hardware.cards()
    memory = hardware.memory() if on_cpu else min((card.total for card in cards), default=None)
    own = {str(entry.get("id")) for entry in config.generation.own}
    for spec in catalogue.models:
        finding = _model(spec, pins, memory, on_cpu=on_cpu)
        if spec.id in own and finding.good and downloads.is_of_hub(spec):
            finding = warning(f"{finding.text}; {spec.source} is no folder beside config.toml, so the hub is meant")
        yield finding
    yield from _disk(catalogue, pins)
    yield from _hidden(config)
    yield from _patterns(config, catalogue)


def _model(spec: ModelSpec, pins: Mapping[str, Pin], memory: float | None, *, on_cpu: bool) -> Finding:
    source = Path(spec.source)
    if source.is_absolute() and not source.exists():
        return bad(
            f"{spec.id}: its folder {source} is absent; put it there, or take {spec.id} out of generation.models"
        )
    if flaw := flaw_of(spec):
        return bad(f"{spec.id}: {flaw}")
    here = not downloads.is_of_hub(spec) or (spec.id in pins and downloads.present(pins[spec.id]))
    if not here and is_gated(spec) and not downloads.has_token():
        return bad(
            f"{spec.id}: is gated: accept its terms on https://huggingface.co/{spec.source} with an account, make a "
            "token there (Settings > Access Tokens, read), and start with HF_TOKEN=... in the environment"
        )
    fits, said = _fits(spec, memory, on_cpu=on_cpu)
    return (good if fits else bad)(f"{spec.id}: {_where(spec, here=here)}; {said}")


def _where(spec: ModelSpec, *, here: bool) -> str:
    if here:
        return "its model is there"
    size = f"{spec.weights:g} GB" if spec.weights else "several GB"
    return f"is fetched from the hub at its first use, {size} (criar models download {spec.id} does it now)"


def _fits(spec: ModelSpec, memory: float | None, *, on_cpu: bool) -> tuple[bool, str]:
    """Whether it can be loaded, and what to say of its memory."""
    if spec.memory is None or memory is None:
        return True, "whether it fits is not known"
    if not on_cpu:
        how = way(spec, memory - RESERVED)
        if how is Way.WHOLE:
            return True, "it fits"
        return True, f"it needs {spec.memory:g} GiB, of which the card has {memory:.1f}; it runs {WORDS[how]}"
    # A CPU makes 32 bits of the catalogue's 16, unless the entry says otherwise; models of ours were measured there.
    doubled = downloads.is_of_hub(spec) and spec.loading.precision in (None, Precision.FP32)
    needs = spec.memory * (2 if doubled else 1)
    if needs <= memory:
        return True, "it fits"
    return False, (
        f"it needs {needs:g} GiB of memory on a CPU and this machine has {memory:.1f}; "
        f"take {spec.id} out of generation.models, or use a larger machine"
    )


def _disk(catalogue: Catalogue, pins: Mapping[str, Pin]) -> Iterator[Finding]:
    absent = [
        spec.weights or 0.0
        for spec in catalogue.models
        if downloads.is_of_hub(spec) and not (spec.id in pins and downloads.present(pins[spec.id]))
    ]
    folder = downloads.folder()
    needed, free = sum(absent), hardware.free_disk(folder)
    if needed > free:
        yield bad(
            f"The models that are not here yet take {needed:.0f} GB, and {folder} has {free:.0f} GB free; offer fewer, "
            "or set HF_HOME to a folder on a larger disk"
        )
    elif needed:
        yield good(f"The models that are not here yet take {needed:.0f} of the {free:.0f} GB that are free in {folder}")


def _hidden(config: Config) -> Iterator[Finding]:
    """Models of the operator's own that take the id of one of the catalogue."""
    shipped = {spec.id for spec in Catalogue.load().models}
    for entry in config.generation.own:
        if (name := entry.get("id")) in shipped:
            yield warning(f"generation.own: {name} hides the catalogue's model of that id; give yours another id")


def _patterns(config: Config, catalogue: Catalogue) -> Iterator[Finding]:
    ids = [spec.id for spec in catalogue.models]
    named = [
        *((f"plans.{name}.models", pattern) for name, plan in config.plans.items() for pattern in plan.models),
        *(("generation.costs", pattern) for pattern in config.generation.costs),
        *(("generation.loading", pattern) for pattern in config.generation.loading),
    ]
    for key, pattern in named:
        if not any(fnmatchcase(name, pattern) for name in ids):
            yield bad(f"{key}: “{pattern}” matches no offered model; there are {', '.join(ids[:8])}")
