"""What a member may ask about himself: everything that is kept, as files, and its deletion."""

import asyncio
import io
import json
import logging
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import discord

from bot.jobs.delivery import TROUBLE, is_transient
from bot.store import Store
from generation import images

if TYPE_CHECKING:
    from bot.client import Criar

log = logging.getLogger(__name__)

LOOK = 2.0  # seconds between two looks for messages to erase
AT_ONCE = 20  # messages
MARGIN = 16 * 2**10  # bytes of a zip file beside its pictures


async def export(store: Store, user_id: int, limit: int) -> AsyncIterator[bytes]:
    """Zip files of at most ``limit`` bytes with all rows about a member as JSON, and his pictures."""
    rows = await store.privacy.collect(user_id)
    names = [store.files.picture(row["id"]) for row in rows["pictures"]]
    inputs = {name for row in rows["jobs"] for name in json.loads(row["request"])["images"]}
    paths = [*names, *(store.files.inputs / name for name in sorted(inputs))]
    first: tuple[str, bytes] | None = ("data.json", json.dumps(rows, indent=1, ensure_ascii=False).encode())
    while paths or first:
        data, paths = await asyncio.to_thread(_part, first, paths, limit)
        first = None
        yield data


def _part(first: tuple[str, bytes] | None, paths: Sequence[Path], limit: int) -> tuple[bytes, list[Path]]:
    """One zip file, and the pictures that did not fit; blocks."""
    file, left = io.BytesIO(), list(paths)
    with zipfile.ZipFile(file, "w") as archive:
        if first:
            archive.writestr(*first, compress_type=zipfile.ZIP_DEFLATED)
        begun = first is not None
        while left:
            path = left[0]
            name, data = _picture(path, limit - MARGIN)
            if begun and file.tell() + len(data) + MARGIN > limit:
                break
            begun = True
            left.pop(0)
            if data:
                archive.writestr(f"{path.parent.name}/{name}", data)
    return file.getvalue(), left


def _picture(path: Path, limit: int) -> tuple[str, bytes]:
    """A picture's name and bytes, smaller where one file may not be as large; nothing where it is not kept any more."""
    if not path.exists():
        return path.name, b""
    data, extension = images.under_limit(path.read_bytes(), limit)
    return f"{path.stem}.{extension}", data


async def erase_regularly(client: "Criar") -> None:
    """Take away the messages that show what members deleted; never returns. A restart goes on with the rest."""
    while True:
        await asyncio.sleep(LOOK)
        if not client.is_ready():
            continue
        try:
            for channel_id, message_id in await client.store.privacy.to_erase(AT_ONCE):
                await _erase(client, channel_id, message_id)
                await client.store.privacy.erased(message_id)
        except TROUBLE as error:
            log.info("what members deleted is taken away later: %r", error)


async def _erase(client: discord.Client, channel_id: int, message_id: int) -> None:
    """Take a message away, unless Discord refuses it; raises where that may pass."""
    try:
        await client.get_partial_messageable(channel_id).get_partial_message(message_id).delete()
    except discord.HTTPException as error:
        if is_transient(error):
            raise
        log.info("message %d cannot be taken away: %s", message_id, error)
