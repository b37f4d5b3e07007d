"""``python -m bot health``: whether the bot works, for whatever restarts it."""

import typer

from bot.cli.errors import ConfigFile, settings


def health(config: ConfigFile = None) -> None:
    """Exit with 0 if the bot was connected to Discord within the last minute, its disk has room and a device works."""
    from bot.background.heartbeat import trouble  # loads discord.py, which other commands need not wait for

    said = trouble(settings(config).storage.folder)
    typer.echo(said or "The bot is connected.")
    raise typer.Exit(1 if said else 0)
