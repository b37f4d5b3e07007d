"""``python -m bot provenance``: where a picture comes from, and what this installation signs and marks with."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.errors import ConfigFile, or_exit, settings
from bot.config import Config
from bot.errors import ConfigError
from bot.messages.content_credentials import ContentCredentials
from bot.messages.provenance import describe_origin
from bot.text.translate import speaker
from generation import Inspector, PictureError
from generation.provenance import fetch_watermark_files


def provenance(
    file: Annotated[Path | None, typer.Argument(help="Picture to look at: PNG, JPEG, WebP or GIF")] = None,
    *,
    authority: Annotated[
        bool, typer.Option("--authority", help="Print the certificates by which others can check our signatures")
    ] = False,
    fetch: Annotated[bool, typer.Option("--fetch", help="Fetch TrustMark's files, for [provenance] watermark")] = False,
    config: ConfigFile = None,
) -> None:
    """Say where a picture comes from: C2PA by any issuer, XMP, our watermark, other tools' settings."""
    loaded = settings(config)
    credentials = or_exit(lambda: _credentials(loaded, signs=authority))
    if authority:
        typer.echo(credentials.known.anchors.strip())
    if fetch:
        or_exit(lambda: _fetch(credentials.watermark_folder))
    if file:
        data = or_exit(lambda: _read(file))
        try:
            lines = asyncio.run(_look(data, credentials))
        except PictureError as error:
            typer.echo(f"{file}: {error}", err=True)
            raise typer.Exit(2) from None
        for line in lines:
            typer.echo(line)
    elif not authority and not fetch:
        raise typer.BadParameter("name a picture, or --authority, or --fetch")


def _credentials(config: Config, *, signs: bool) -> ContentCredentials:
    """What is known of signatures; certificates are made only if they are asked for."""
    changed: dict[str, object] = {"watermark": False}
    if config.provenance.c2pa == "auto" and not signs:
        changed["c2pa"] = "off"
    return ContentCredentials(config.provenance.model_copy(update=changed), config.storage.folder)


def _fetch(folder: Path) -> None:
    try:
        fetch_watermark_files(folder, report=typer.echo)
    except OSError as error:
        raise ConfigError(f"TrustMark's files cannot be fetched: {error}") from error


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from error


async def _look(data: bytes, credentials: ContentCredentials) -> list[str]:
    inspector = Inspector(children=1)
    try:
        folder = credentials.watermark_folder if credentials.marks else None
        found = await inspector.provenance(data, credentials.known, folder)
        parameters = await inspector.parameters(data)
    finally:
        await inspector.close()
    made_at = credentials.made_at(found.mark)
    return list(_plain(describe_origin(speaker("en-US"), found, made_at, parameters, _show)))


def _show(when: datetime) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC"


def _plain(lines: list[str]) -> Iterator[str]:
    """Without Discord's signs for bold letters and escaped ones."""
    for line in lines:
        yield line.replace("**", "").replace("\\", "")
