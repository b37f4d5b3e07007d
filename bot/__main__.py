"""The command line: ``python -m bot run | demo | check | health | quota | models``."""

import asyncio
import logging
from typing import Annotated

import typer

from . import config as configuration
from .command_line import ConfigFile, or_exit, settings
from .models import models
from .quota_line import quota

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(quota, name="quota")
app.add_typer(models, name="models")


@app.command()
def run(config: ConfigFile = None) -> None:
    """Run the bot; its token comes from the environment variable DISCORD_TOKEN."""
    from .app import run as run_bot

    loaded, token = settings(config), or_exit(configuration.token)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    or_exit(lambda: asyncio.run(run_bot(loaded, token)))


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
    for finding in findings(settings(config)):
        typer.echo(f"{'ok   ' if finding.good else 'FAIL '} {finding.text}")
        good = good and finding.good
    raise typer.Exit(0 if good else 1)


@app.command()
def health(config: ConfigFile = None) -> None:
    """Exit with 0 where the bot was connected to Discord within the last minute, else with 1."""
    from .health import alive

    raise typer.Exit(0 if alive(settings(config).storage.folder) else 1)


if __name__ == "__main__":
    app()
