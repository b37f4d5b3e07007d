"""The command line: ``python -m bot run``, ``demo``, ``check`` and what else its help lists."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from bot import config as configuration
from bot.cli.backup import backup, restore
from bot.cli.cluster import cluster
from bot.cli.errors import ConfigFile, or_exit, settings
from bot.cli.health import health
from bot.cli.models import models
from bot.cli.outbox import outbox
from bot.cli.provenance import provenance
from bot.cli.quota import quota
from bot.cli.strikes import strikes
from generation import set_up_logging

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(quota, name="quota")
app.add_typer(models, name="models")
app.add_typer(strikes, name="strikes")
app.add_typer(cluster, name="cluster")


@app.callback()
def main() -> None:
    """Pictures from words, inside Discord."""
    os.umask(0o077)  # whatever is written, database, pictures, copies, is for the bot's user alone


@app.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot; its token comes from the environment variable DISCORD_TOKEN."""
    from bot.app import run as run_bot

    loaded, token = settings(config), or_exit(configuration.token)
    del os.environ[configuration.TOKEN_VARIABLE]  # no child process needs it
    set_up_logging(loaded.log.level.upper(), loaded.log.format)
    or_exit(lambda: asyncio.run(run_bot(loaded, token)))


@app.command()
def demo(port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one")] = 0) -> None:
    """Try everything without an account: a local Discord, its page in the browser, and the bot."""
    from bot.cli.demo import demo as run_demo

    raise typer.Exit(asyncio.run(run_demo(port)))


@app.command()
def init(
    card: Annotated[float | None, typer.Option(help="GB of a card of another machine: 12, 24, 48, 80 …")] = None,
    config: ConfigFile = None,
) -> None:
    """Write a first config.toml for this machine: devices and models that fit, with the reasons; then check it."""
    from bot.cli.init import write_first

    path = config or Path(os.environ.get(configuration.FILE_VARIABLE, configuration.FILE))
    for line in or_exit(lambda: list(write_first(path, card))):
        typer.echo(line)
    if card is None:
        _check(path, online=True, first=True)
    else:
        typer.echo("On the machine with that card, criar check says what would go wrong.")


@app.command()
def check(
    config: ConfigFile = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not try the token at Discord")] = False,
) -> None:
    """Say what would go wrong, and how to mend it; exits with 1 if something would."""
    _check(config, online=not offline)


def _check(config: Path | None, *, online: bool, first: bool = False) -> None:
    from bot.cli.check import check as findings

    good = True
    for finding in findings(settings(config), online=online, first=first):
        typer.echo(f"{finding.mark} {finding.text}")
        good = good and finding.good
    raise typer.Exit(0 if good else 1)


for command in (health, outbox, backup, restore, provenance):
    app.command()(command)
