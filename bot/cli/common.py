"""What the operator's commands share: the configuration, and an error as a line instead of a traceback."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from bot import config as configuration
from bot.config import Config
from bot.errors import ConfigError
from bot.store import Store

T = TypeVar("T")

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="config.toml; without it, every setting has its default")
]


def settings(path: Path | None) -> Config:
    """The settings of the file; an error ends the program."""
    return or_exit(lambda: configuration.load(path))


def or_exit(read: Callable[[], T]) -> T:
    """What ``read`` returns; its ConfigError becomes a line on stderr and exit code 2."""
    try:
        return read()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def with_store(config: Path | None, work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
    """Do something with the opened store."""
    loaded = settings(config)

    async def main() -> None:
        store = Store(loaded)
        await store.open()
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())
