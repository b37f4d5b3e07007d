"""Everything that is kept about a member, as zip files."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bot.store import Store
from generation import images

MARGIN = 16 * 2**10  # bytes of a zip file beside its pictures

#: a picture, PNG, as a file of about at most so many bytes, and its extension; blocks
Encode = Callable[[bytes, int], tuple[bytes, str]]


class _Kept(NamedTuple):
    path: Path
    encode: Encode


async def export(
    store: Store, user_id: int, limit: int, encoder: Callable[[str], Awaitable[Encode | None]] | None = None
) -> AsyncIterator[bytes]:
    """Zip files of at most ``limit`` bytes with all rows about a member as JSON, and their pictures.

    ``encoder`` finds, by the id of a picture that was made here, what makes it ready to leave; without it they leave
    as they are kept.
    """
    rows = await store.privacy.collect(user_id)
    made = [row["id"] for row in rows["pictures"]]
    kept = [_Kept(store.files.picture(id_), (encoder and await encoder(id_)) or images.under_limit) for id_ in made]
    inputs = {name for row in rows["jobs"] for name in json.loads(row["request"])["images"]}
    kept += [_Kept(store.files.inputs / name, images.under_limit) for name in sorted(inputs)]
    first: tuple[str, bytes] | None = ("data.json", json.dumps(rows, indent=1, ensure_ascii=False).encode())
    while kept or first:
        data, kept = await asyncio.to_thread(_part, first, kept, limit)
        first = None
        yield data


def _part(first: tuple[str, bytes] | None, kept: Sequence[_Kept], limit: int) -> tuple[bytes, list[_Kept]]:
    """One zip file, and the pictures that did not fit; blocks."""
    file, left = io.BytesIO(), list(kept)
    with zipfile.ZipFile(file, "w") as archive:
        if first:
            archive.writestr(*first, compress_type=zipfile.ZIP_DEFLATED)
        begun = first is not None
        while left:
            path = left[0].path
            name, data = _picture(left[0], limit - MARGIN)
            if begun and file.tell() + len(data) + MARGIN > limit:
                break
            begun = True
            left.pop(0)
            if data:
                archive.writestr(f"{path.parent.name}/{name}", data)
    return file.getvalue(), left


def _picture(kept: _Kept, limit: int) -> tuple[str, bytes]:
    """A picture's name and bytes, smaller if one file may not be as large; nothing if it is no longer kept."""
    if not kept.path.exists():
        return kept.path.name, b""
    data, extension = kept.encode(kept.path.read_bytes(), limit)
    return f"{kept.path.stem}.{extension}", data
