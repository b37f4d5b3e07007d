"""The command line: ``python -m bot run | demo | check | health | quota | models``."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from . import config as configuration
from .config import Config
from .errors import ConfigError
from .models import models
from .store import COMMAND_LINE, Change, Store

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
quota = typer.Typer(no_args_is_help=True, help="See and change what a member may make a day, everywhere.")
app.add_typer(quota, name="quota")
app.add_typer(models, name="models")

T = TypeVar("T")

ConfigFile = Annotated[
    Path | None, typer.Option("--config", "-c", help="config.toml; without it, every setting has its default")
]
User = Annotated[int, typer.Argument(help="The member's id: Discord > Advanced > Developer Mode, then Copy User ID")]


@app.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot; its token comes from the environment variable DISCORD_TOKEN."""
    from .app import run as run_bot

    settings, token = _load(config), _or_exit(configuration.token)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _or_exit(lambda: asyncio.run(run_bot(settings, token)))


@app.command()
def demo(port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one")] = 0) -> None:
    """Try everything without an account: a local Discord, its page in the browser, and the bot."""
    from .demo import demo as run_demo

    raise typer.Exit(asyncio.run(run_demo(port)))


@app.command()
def check(config: ConfigFile = None) -> None:
    """Say what would go wrong, and how to mend it; exits with 1 where something would."""
    from .check import check as findings

    good = True
    for finding in findings(_load(config)):
        typer.echo(f"{'ok   ' if finding.good else 'FAIL '} {finding.text}")
        good = good and finding.good
    raise typer.Exit(0 if good else 1)


@app.command()
def health(config: ConfigFile = None) -> None:
    """Exit with 0 where the bot was connected to Discord within the last minute, else with 1."""
    from .health import alive

    raise typer.Exit(0 if alive(_load(config).storage.folder) else 1)


@quota.command("show")
def show(user: User, config: ConfigFile = None) -> None:
    """What the member used today."""
    _with_store(config, lambda store: _show(store, user))


@quota.command("set")
def set_limit(
    user: User, images_per_day: Annotated[int, typer.Argument(min=0, max=100_000)], config: ConfigFile = None
) -> None:
    """Set how many images the member may make a day."""
    _with_store(config, lambda store: _then_show(store, user, store.quotas.set_limit(_change(user), images_per_day)))


@quota.command("unset")
def unset_limit(user: User, config: ConfigFile = None) -> None:
    """Take the member's own limit away; the plan's counts again."""
    _with_store(config, lambda store: _then_show(store, user, store.quotas.set_limit(_change(user), None)))


@quota.command("reset")
def reset(user: User, config: ConfigFile = None) -> None:
    """Count the member's images of today anew."""
    _with_store(config, lambda store: _then_show(store, user, store.quotas.reset(_change(user))))


def _change(user: int) -> Change:
    return Change(actor_id=COMMAND_LINE, guild_id=None, user_id=user, at=datetime.now(UTC))


async def _show(store: Store, user: int) -> None:
    allowed = await store.allowance(user, None, datetime.now(UTC))
    typer.echo(f"{user}: {allowed.used} of {allowed.limit} images used today, {allowed.left} left")


async def _then_show(store: Store, user: int, change: Coroutine[Any, Any, None]) -> None:
    await change
    await _show(store, user)


def _with_store(config: Path | None, work: Callable[[Store], Coroutine[Any, Any, None]]) -> None:
    settings = _load(config)

    async def main() -> None:
        store = Store(settings)
        await store.open()
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(main())


def _load(path: Path | None) -> Config:
    return _or_exit(lambda: configuration.load(path))


def _or_exit(read: Callable[[], T]) -> T:
    """What ``read`` returns; its ConfigError becomes a line on stderr and exit code 2."""
    try:
        return read()
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


if __name__ == "__main__":
    app()
