"""``criar init``: a first config.toml, by asking the machine."""

from collections.abc import Iterator
from pathlib import Path

import typer

from bot import hardware
from bot.cli.recommendation import WORDS, Choice, first_choices, is_gated, recommended, usable
from bot.errors import ConfigError
from generation import Catalogue, ModelSpec, downloads

SMALL = ("criar-embedded", "realesr-animevideov3")  # what comes with the bot


def write_first(path: Path, card: float | None) -> Iterator[str]:
    """Write the file, and say line by line what was found and chosen.

    ``card`` is the GB of another machine's card. Raises ConfigError if the file exists or cannot be written.
    """
    if path.exists():
        raise ConfigError(f"{path}: it exists already and is not changed; criar check --config {path} looks at it")
    found = [] if card else hardware.cards()
    free = usable(card) if card else min((each.total for each in found), default=0.0) - 0.6
    memory, disk = hardware.memory(), hardware.free_disk(downloads.folder())
    yield f"Memory {memory:.0f} GiB, disk {disk:.0f} GB free in {downloads.folder()} where models are kept."
    for each in found:
        yield f"{each.device}: {each.name}, {each.total:.0f} GiB"
    choices = recommended(Catalogue.load(), free, memory) if free > 0 else []
    chosen = list(_on_disk(first_choices(choices), disk))
    if card:
        yield f"For a card with {card:g} GB, as you said; nothing of this machine was looked at but memory and disk."
    elif not found:
        yield "No NVIDIA card is seen (nvidia-smi): the small model that comes with the bot works on the CPU."
    for spec in chosen:
        size = f", {spec.weights:g} GB to fetch" if spec.weights else ""
        yield f"{spec.id}: {spec.description or spec.title}; runs whole{size}"
    devices = ["cuda:0"] if card else [each.device for each in found] or ["cpu"]
    try:
        path.write_text(_text(devices, [spec.id for spec in chosen], choices), encoding="utf-8")
        path.chmod(0o600)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    yield f"{path} is written. Put your own user id into discord.operators; config.example.toml has all other settings."


def _on_disk(models: list[ModelSpec], disk: float) -> Iterator[ModelSpec]:
    """Those that the disk has room for, the first first, with 10 GB to spare."""
    for spec in models:
        needs = spec.weights or 0.0
        if needs + 10 <= disk or not downloads.is_of_hub(spec):
            disk -= needs
            yield spec
        else:
            typer.echo(f"{spec.id}: left out, since it takes {needs:g} GB of the {disk:.0f} GB that are free", err=True)


def _text(devices: list[str], chosen: list[str], choices: list[Choice]) -> str:
    offered = [*chosen, *(name for name in SMALL if name not in chosen)]
    others = [each for each in choices if each.spec.id not in offered]
    comments = [
        f"#   {each.spec.id}: {WORDS[each.way]}" + (", gated: see docs/operators.md" if is_gated(each.spec) else "")
        for each in others
    ]
    lines = [
        "# Written by criar init. config.example.toml explains every setting; what is not here has its default.",
        "[discord]",
        "# Your user id: Discord > Advanced > Developer Mode, then right-click yourself > Copy User ID.",
        "operators = []",
        "",
        "[storage]",
        'folder = "data"  # beside this file',
        "",
        "[generation]",
        f"devices = {_list(devices)}",
        "# The first that can do a task is its default.",
        f"models = {_list(offered)}",
        *(["# What would run here too:", *comments] if comments else []),
    ]
    return "\n".join(lines) + "\n"


def _list(values: list[str]) -> str:
    return "[" + ", ".join(f'"{value}"' for value in values) + "]"
