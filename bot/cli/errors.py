"""What the operator has to mend becomes a line on stderr and exit code 2, instead of a traceback."""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import config as configuration
from bot.config import Config
from bot.errors import ConfigError, Unavailable
from bot.store import Store, database_of

T = TypeVar("T")

ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="config.toml; without it, $CRIAR_CONFIG, else ./config.toml, else defaults"),
]


def settings(path: Path | None) -> Config:
    """The settings of the file, or of the one that the environment or the working directory has.

    An error ends the program.
    """
    return or_exit(lambda: configuration.load(path or configuration.find()))


def or_exit(read: Callable[[], T]) -> T:
    """What ``read`` returns; what the operator has to mend becomes a line on stderr, and exit code 2."""
    try:
        return read()
    except (ConfigError, Unavailable) as error:
        said = str(error)
    except OSError as error:
        said = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except sqlite3.Error as error:
        said = f"the database cannot be used: {error}"
    typer.echo(said, err=True)
    raise typer.Exit(2) from None


def with_store(config: Path | None, work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
    """Do something with the opened store; ends the program if there is no database yet."""
    loaded = settings(config)

    async def main() -> None:
        store = Store(loaded)
        await store.open()
        try:
            await work(store)
        finally:
            await store.close()

    or_exit(lambda: database_of(loaded.storage.folder))
    or_exit(lambda: asyncio.run(main()))
