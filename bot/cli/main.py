"""The command line: ``python -m bot run``, ``demo``, ``check`` and what else its help lists."""

import asyncio
import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from bot import config as configuration
from bot.cli.cluster import cluster
from bot.cli.common import ConfigFile, or_exit, settings, with_store
from bot.cli.models import models
from bot.cli.quota import quota
from bot.cli.strikes import strikes
from bot.store import Store, copy_database

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
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    or_exit(lambda: asyncio.run(run_bot(loaded, token)))


@app.command()
def demo(port: Annotated[int, typer.Option(help="Port of the page; 0 takes a free one")] = 0) -> None:
    """Try everything without an account: a local Discord, its page in the browser, and the bot."""
    from bot.cli.demo import demo as run_demo

    raise typer.Exit(asyncio.run(run_demo(port)))


@app.command()
def check(config: ConfigFile = None) -> None:
    """Say what would go wrong, and how to mend it; exits with 1 if something would."""
    from bot.cli.check import check as findings

    good = True
    for finding in findings(settings(config)):
        typer.echo(f"{'ok   ' if finding.good else 'FAIL '} {finding.text}")
        good = good and finding.good
    raise typer.Exit(0 if good else 1)


@app.command()
def health(config: ConfigFile = None) -> None:
    """Exit with 0 if the bot was connected to Discord within the last minute, else with 1."""
    from bot.background.heartbeat import alive

    raise typer.Exit(0 if alive(settings(config).storage.folder) else 1)


@app.command()
def outbox(config: ConfigFile = None) -> None:
    """List what is made and could not be delivered yet, with the reason and the next try."""
    with_store(config, _list_outbox)


async def _list_outbox(store: Store) -> None:
    jobs = [job for job in await store.jobs.undelivered() if job.complete]
    for job in jobs:
        tries = f"{job.tries} tries, next {job.next_try:%Y-%m-%d %H:%M:%S}" if job.next_try else "not tried yet"
        typer.echo(f"{job.id}: for {job.user_id} in channel {job.channel_id}, {tries}. {job.trouble or ''}".rstrip())
    typer.echo(f"{len(jobs)} jobs wait to be delivered." if jobs else "Nothing waits; all that was made is delivered.")


@app.command()
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
