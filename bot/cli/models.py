"""``python -m bot models``: list, explain, fetch ahead, verify, remove and pin models and LoRAs; what was measured."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from bot import hardware
from bot.cli.errors import ConfigFile, or_exit, settings
from bot.cli.recommendation import RESERVED, WORDS, Way, commercial, is_gated, recommended, usable, way
from bot.config import Config
from bot.requests.offered_models import known, offered, pins_file, workers_folder
from generation import (
    Catalogue,
    GenerationError,
    LoraSpec,
    Measured,
    ModelSpec,
    Pin,
    downloads,
    forget,
    matching,
    model_file,
    read_pins,
    read_profile,
    write_pins,
)


class _Group(typer.core.TyperGroup):
    """The subcommands, of which ``profile`` may be written as an option too."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, ["profile", *args[1:]] if args[:1] == ["--profile"] else args)


models = typer.Typer(
    cls=_Group, no_args_is_help=True, help="The models and LoRAs of the catalogue, and what is fetched of them."
)

GB = 10**9
UNKNOWN = "unknown"
P = ParamSpec("P")
T = TypeVar("T")
Spec = ModelSpec | LoraSpec

Card = Annotated[float | None, typer.Option(help="GB of a card of another machine: 8, 12, 16, 24, 48, 80, 141")]
Names = Annotated[list[str], typer.Argument(help='Ids of models or LoRAs, or patterns such as "sdxl-*"')]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs")]
UNITS = {"memory": " GiB, in 16 bits", "weights": " GB on disk"}
KINDS = {"absent": "is absent", "size": "has another size", "content": "has another content"}


@models.command("list")
def list_models(
    patterns: Annotated[list[str] | None, typer.Argument(help='Only these, such as "sdxl-*"')] = None,
    only_offered: Annotated[bool, typer.Option("--offered", help="Only those that members may use")] = False,
    fits: Annotated[bool, typer.Option("--fits", help="Only those that run whole on this machine, or --card")] = False,
    card: Card = None,
    as_json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """All models of the catalogue: what each can do, what it needs, its licence, and whether it is here."""
    loaded = settings(config)
    everything, chosen = or_exit(lambda: known(loaded)), or_exit(lambda: offered(loaded))
    ids = {spec.id for spec in chosen.models}
    catalogue = chosen if only_offered else everything
    shown = matching(catalogue.models, *patterns) if patterns else list(catalogue.models)
    if fits:
        free, _ = _room(card)
        shown = [spec for spec in shown if way(spec, free) is Way.WHOLE]
    if patterns and not shown:
        typer.echo(f"No model's id matches {' or '.join(patterns)}; criar models list shows all", err=True)
        raise typer.Exit(1)
    pins = _pins(loaded)
    if as_json:
        rows = [_facts(spec, pins) | {"offered": spec.id in ids} for spec in shown]
        typer.echo(json.dumps({"models": rows, "loras": [_facts(lora, pins) for lora in catalogue.loras]}, indent=1))
        return
    typer.echo(f"  {'id':29} {'family':21} {'can':28} {'memory':>8} {'disk':>8}  licence")
    for spec in shown:
        mark = "*" if spec.id in ids else " "
        can = " ".join(sorted(task.value for task in spec.tasks))
        memory, disk = _measure(spec.memory, "GiB"), _measure(spec.weights, "GB")
        here = ("" if _here(spec, pins) else " (not here)") + (" (gated)" if is_gated(spec) else "")
        typer.echo(
            f"{mark} {spec.id:29} {spec.family:21} {can:28} {memory:>8} {disk:>8}  {spec.licence or UNKNOWN}{here}"
        )
    typer.echo(f"{len(shown)} models; * is offered. LoRAs: {', '.join(lora.id for lora in catalogue.loras)}")


@models.command("recommend")
def recommend(card: Card = None, as_json: AsJson = False) -> None:
    """What runs on this machine's card, or on another, and how; with sizes on disk."""
    free, said = _room(card)
    catalogue = Catalogue.load()
    choices = recommended(catalogue, free, hardware.memory())
    if as_json:
        rows = [{"id": each.spec.id, "way": each.way.name.lower(), "disk": each.spec.weights} for each in choices]
        typer.echo(json.dumps(rows, indent=1))
        return
    typer.echo(said)
    for each in choices:
        spec = each.spec
        tasks, disk = " ".join(sorted(task.value for task in spec.tasks)), _measure(spec.weights, "GB")
        gated = ", gated: accept its terms on the hub and set HF_TOKEN" if is_gated(spec) else ""
        use = "" if spec.commercial else f", commercial use: {commercial(spec)}"
        typer.echo(f"  {spec.id:28} {tasks:28} {disk:>8}  {WORDS[each.way]}{use}{gated}")
    whole = sum(way(spec, free) is Way.WHOLE for spec in catalogue.models)
    typer.echo(f"{whole} of {len(catalogue.models)} models run whole: criar models list --fits")


def _room(card: float | None) -> tuple[float, str]:
    """GiB for models on a card of this many GB, or on this machine; and what was counted."""
    if card:
        return usable(card), f"On a card with {card:g} GB:"
    if found := hardware.cards():
        smallest = min(found, key=lambda each: each.total)
        return smallest.total - RESERVED, f"On {smallest.name} with {smallest.total:.0f} GiB:"
    # On a CPU weights have 32 bits, twice what the catalogue counts.
    return hardware.memory() / 2, "No NVIDIA card is seen, so on the CPU, which takes minutes for a picture:"


@models.command("show")
def show(name: str, as_json: AsJson = False, config: ConfigFile = None) -> None:
    """Everything that is known of one model or LoRA; what nobody confirmed is left out, or unknown."""
    loaded = settings(config)
    catalogue = or_exit(lambda: known(loaded))
    facts = _facts(_chosen(catalogue, [name])[0], _pins(loaded))
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    facts |= {key: UNKNOWN for key in ("licence", "weights") if facts.get(key, "") is None}
    for key, value in facts.items():
        if value not in (None, "", []):
            said = ", ".join(map(str, value)) if isinstance(value, list) else value
            shown = _pairs(said) if isinstance(said, dict) else said
            if shown == "":
                continue
            typer.echo(f"{key:13} {shown}{UNITS.get(key, '') if shown != UNKNOWN else ''}")


@models.command("download")
def download(names: Names, config: ConfigFile = None) -> None:
    """Download models or LoRAs ahead (only safetensors), and pin the commit and the files that are loaded."""
    loaded = settings(config)
    for spec in _of_hub(or_exit(lambda: known(loaded)), names):
        if is_gated(spec) and not downloads.has_token():
            typer.echo(
                f"{spec.id}: is gated: accept its terms on https://huggingface.co/{spec.source}, and set HF_TOKEN to a "
                "token of that account",
                err=True,
            )
            raise typer.Exit(1)
        pin = _pins(loaded).get(spec.id) or _try(downloads.look_up, spec)
        typer.echo(f"{spec.id}: {pin.source} at {pin.revision[:12]}, {pin.size / GB:.2f} GB in {len(pin.files)} files")
        _try(downloads.fetch, pin)
        for source in (
            _try(downloads.fetch_rest, replace(spec, revision=pin.revision)) if isinstance(spec, ModelSpec) else ()
        ):
            typer.echo(f"{spec.id}: the rest comes from {source}, which is here too")
        _record(loaded, spec, pin)
        typer.echo(f"{spec.id}: is here")


@models.command("pin")
def pin_models(names: Names, config: ConfigFile = None) -> None:
    """Record the newest commit and its files without fetching it; the next download and loading keep to it."""
    loaded = settings(config)
    for spec in _of_hub(or_exit(lambda: known(loaded, pinned=False)), names):
        pin = _try(downloads.look_up, spec)
        _record(loaded, spec, pin)
        typer.echo(f"{spec.id}: {pin.source} at {pin.revision}, {pin.size / GB:.2f} GB")


@models.command("verify")
def verify(names: Names, config: ConfigFile = None) -> None:
    """Compare what lies on the disk with what the hub said; exits with 1 if a file is absent or differs."""
    loaded = settings(config)
    good = True
    for spec in _of_hub(or_exit(lambda: known(loaded)), names):
        pin = _pins(loaded).get(spec.id)
        flaws = [f"{flaw.name} {KINDS[flaw.kind]}" for flaw in downloads.verify(pin)] if pin else ["was never fetched"]
        good = good and not flaws
        typer.echo(f"{spec.id}: {'; '.join(flaws) or 'all files are as the hub said'}")
    raise typer.Exit(0 if good else 1)


@models.command("remove")
def remove(names: Names, config: ConfigFile = None) -> None:
    """Delete what was fetched of models or LoRAs, and forget the commit."""
    loaded = settings(config)
    for spec in _of_hub(or_exit(lambda: known(loaded)), names):
        pins = _pins(loaded)
        if spec.id not in pins:
            typer.echo(f"{spec.id}: was never fetched")
            continue
        others = [name for name, pin in pins.items() if pin.source == spec.source and name != spec.id]
        freed = 0 if others else downloads.remove(pins[spec.id])
        forget(pins_file(loaded), [spec.id])
        kept = f"; {', '.join(others)} still needs its repository" if others else ""
        typer.echo(f"{spec.id}: {freed / GB:.2f} GB are free again{kept}")


@models.command("inspect")
def inspect(
    files: Annotated[list[Path], typer.Argument(help="Model or LoRA files, of whatever origin")],
    as_json: AsJson = False,
) -> None:
    """What a file is, by its header alone and in a process with limits; exits with 1 if one cannot be used."""
    found = {str(path): model_file.inspect_apart(path) for path in files}
    if as_json:
        rows = [{"file": name, **asdict(each), "usable": each.usable} for name, each in found.items()]
        typer.echo(json.dumps(rows, indent=1))
    else:
        for name, each in found.items():
            typer.echo(f"{name}: {each.describe()}")
    if not all(each.usable for each in found.values()):
        raise typer.Exit(1)


@models.command("profile")
def profile(as_json: AsJson = False, config: ConfigFile = None) -> None:
    """How many rows of a forward pass pay, as measured within real work; --profile says the same."""
    measured = read_profile(workers_folder(settings(config)))
    if as_json:
        typer.echo(json.dumps([asdict(each) | {"rows": each.rows()} for each in measured], indent=1))
    elif not measured:
        typer.echo("Nothing was measured yet; that is done while pictures are made, so ask for some first.")
    else:
        typer.echo("\n\n".join("\n".join(_rows(each)) for each in measured))
        typer.echo("\n* is the most that are joined. A picture takes one row, or two if it is guided.")


def _rows(measured: Measured) -> Iterator[str]:
    """A model's table at a size on a device."""
    size = f"{measured.width}×{measured.height}"
    yield f"{measured.model} at {size} on {measured.device}, {measured.precision} ({measured.versions})"
    yield f"  {'rows':>4} {'ms a pass':>10} {'rows a second':>14}"
    for rows, seconds in sorted(measured.seconds.items()):
        mark = "*" if rows == measured.rows() else " "
        yield f"{mark} {rows:4} {seconds * 1000:10.1f} {rows / seconds:14.1f}"


def _chosen(catalogue: Catalogue, names: Sequence[str]) -> list[Spec]:
    """The models and LoRAs with these ids or patterns; ends the program if there is none of a name."""
    found: dict[str, Spec] = {}
    for name in names:
        loras = [lora for lora in catalogue.loras if lora.id == name]
        some: Sequence[Spec] = matching(catalogue.models, name) or loras
        found |= {spec.id: spec for spec in some or [_try(catalogue.get, name)]}
    return list(found.values())


def _of_hub(catalogue: Catalogue, names: Sequence[str]) -> list[Spec]:
    chosen = _chosen(catalogue, names)
    for spec in chosen:
        if not downloads.is_of_hub(spec):
            typer.echo(f"{spec.id}: is on this machine already")
    return [spec for spec in chosen if downloads.is_of_hub(spec)]


def _record(config: Config, spec: Spec, pin: Pin) -> None:
    write_pins(pins_file(config), {**_pins(config), spec.id: pin})


def _pins(config: Config) -> dict[str, Pin]:
    return _try(read_pins, pins_file(config))


def _here(spec: Spec, pins: dict[str, Pin]) -> bool:
    return not downloads.is_of_hub(spec) or (spec.id in pins and downloads.present(pins[spec.id]))


def _facts(spec: Spec, pins: dict[str, Pin]) -> dict[str, Any]:
    """The entry as plain values, and whether its files are here."""
    facts = asdict(spec)
    if isinstance(spec, ModelSpec):
        facts["tasks"] = sorted(task.value for task in spec.tasks)
        facts["loras"] = [lora.id for lora in spec.loras]
    return json.loads(json.dumps(facts | {"here": _here(spec, pins)}))  # type: ignore[no-any-return]


def _pairs(facts: dict[str, Any]) -> str:
    """What is set of an inner table."""
    return ", ".join(f"{key} {value}" for key, value in facts.items() if value not in (None, "", 0, False))


def _measure(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{value:g} {unit}"


def _try(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What ``work`` returns; its error becomes a line on stderr and exit code 1."""
    try:
        return work(*args, **kwargs)
    except GenerationError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
