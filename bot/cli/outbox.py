"""``python -m bot outbox``: what is made and waits to be delivered."""

import typer

from bot.cli.errors import ConfigFile, settings, with_store
from bot.store import Store, disk_trouble


def outbox(config: ConfigFile = None) -> None:
    """List what is made and could not be delivered yet, with the reason and the next try."""
    if full := disk_trouble(settings(config).storage.folder):
        typer.echo(full)
    with_store(config, _list_outbox)


async def _list_outbox(store: Store) -> None:
    jobs = [job for job in await store.jobs.undelivered() if job.complete]
    for job in jobs:
        tries = f"{job.tries} tries, next {job.next_try:%Y-%m-%d %H:%M:%S}" if job.next_try else "not tried yet"
        typer.echo(f"{job.id}: for {job.user_id} in channel {job.channel_id}, {tries}. {job.trouble or ''}".rstrip())
    typer.echo(f"{len(jobs)} jobs wait to be delivered." if jobs else "Nothing waits; all that was made is delivered.")
