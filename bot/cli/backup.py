"""``python -m bot backup | restore``: the database copied while the bot runs, and put back."""

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.errors import ConfigFile, or_exit, settings
from bot.store import copy_database, restore_database


def backup(
    file: Annotated[Path, typer.Argument(help="File to write; it must not exist yet")], config: ConfigFile = None
) -> None:
    """Copy the database into one consistent file, also while the bot runs.

    Pictures are not in it: delivered ones stand in their messages, and what was not delivered is made again from its
    seed. Copy the folder "inputs" too, so that unfinished requests keep the pictures that members sent.
    """
    folder = settings(config).storage.folder
    size = or_exit(lambda: copy_database(folder, file))
    typer.echo(f"{file}: {size} MiB, checked; pictures are not in it, see --help")


def restore(
    file: Annotated[Path, typer.Argument(help="A copy that criar backup wrote")], config: ConfigFile = None
) -> None:
    """Put a copy of the database in place of the present one, which is kept beside it; the bot must be stopped."""
    folder = settings(config).storage.folder
    kept = or_exit(lambda: restore_database(folder, file))
    before = f"; the one before is {kept}" if kept else ""
    typer.echo(f"The database of {folder} is that of {file} now{before}")
