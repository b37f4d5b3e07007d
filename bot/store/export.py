"""Everything that is kept about a member, as zip files."""

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from bot.store import Store
from generation import images

MARGIN = 16 * 2**10  # bytes of a zip file beside its pictures


async def export(store: Store, user_id: int, limit: int) -> AsyncIterator[bytes]:
    """Zip files of at most ``limit`` bytes with all rows about a member as JSON, and their pictures."""
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
    """A picture's name and bytes, smaller if one file may not be as large; nothing if it is no longer kept."""
    if not path.exists():
        return path.name, b""
    data, extension = images.under_limit(path.read_bytes(), limit)
    return f"{path.stem}.{extension}", data
