"""Uploaded pictures are opened in child processes, so that a hostile file can only break its child.

A child has limited memory and time for a picture, writes no files, and knows nothing of the bot: its environment holds
no secrets, and its answers are JSON and bytes. Children start when they are first needed.
"""

import asyncio
import json
import logging
import os
import resource
import signal
import sys
import traceback
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import images
from ..errors import GenerationError, PictureError, Sentence
from ..metadata import Parameters, read_parameters
from ..process_lifetime import end_with
from . import masks

if TYPE_CHECKING:
    from ..provenance import Known, Provenance

log = logging.getLogger(__name__)

CHILDREN = 2  # pictures at the same time
SECONDS = 30.0  # for one picture; 36 megapixels of noise took 15 s on a busy core, usual ones a tenth of a second
MEMORY = 1280 * 2**20  # bytes of address space; 36 megapixels and the filter need 750 MB
#: the whole environment of a child; one thread each, since the cores are needed for making pictures
KEPT = ("PATH", "LD_LIBRARY_PATH", "LANG", "TMPDIR")
SINGLE_THREADED = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

Facts = dict[str, Any]


class Inspector:
    """Opens pictures in children. Every method raises PictureError if a picture cannot be used."""

    def __init__(self, children: int = CHILDREN, seconds: float = SECONDS) -> None:
        """``children`` is how many pictures are opened at once; each may take ``seconds``."""
        self._seconds = seconds
        self._slots: asyncio.Queue[Process | None] = asyncio.Queue()
        for _ in range(children):
            self._slots.put_nowait(None)

    async def open_picture(self, data: bytes) -> images.OpenedPicture:
        """Run images.open_picture."""
        images.check_bytes(len(data))
        facts, png = await self._ask("open_picture", data)
        notes = tuple(Sentence(template, params) for template, params in facts.pop("notes"))
        return images.OpenedPicture(png=png, notes=notes, **facts)

    async def open_mask(self, data: bytes) -> bytes:
        """Run masks.open_mask."""
        images.check_bytes(len(data))
        return (await self._ask("open_mask", data))[1]

    async def has_transparency(self, data: bytes) -> bool:
        """Run images.has_transparency."""
        return bool((await self._ask("has_transparency", data))[0]["found"])

    async def parameters(self, data: bytes) -> Parameters | None:
        """Run metadata.read_parameters."""
        facts, _ = await self._ask("parameters", data)
        return Parameters(**facts) if facts else None

    async def manifests(self, data: bytes) -> bytes:
        """As provenance.manifest_archives: the C2PA manifests that came with a picture; empty if there are none."""
        from ..provenance import has_manifest

        return (await self._ask("manifests", data))[1] if has_manifest(data) else b""

    async def provenance(self, data: bytes, known: "Known", watermark_folder: Path | None) -> "Provenance":
        """What a picture says of where it comes from; its watermark too, if the folder with its files is given."""
        from ..provenance import Provenance, Signature, Trust

        images.check_bytes(len(data))
        asked = {"known": asdict(known), "folder": str(watermark_folder or "")}
        facts, _ = await self._ask("provenance", json.dumps(asked).encode() + b"\0" + data)
        signature = facts.pop("signature")
        if signature is not None:
            lists = {name: tuple(value) for name, value in signature.items() if isinstance(value, list)}
            signature = Signature(**{**signature, **lists, "trust": Trust(signature["trust"])})
        return Provenance(signature=signature, **facts)

    async def look(self, data: bytes) -> Mapping[str, float]:
        """Run safety.Detector.look: the highest score of each class in SEEN, for PNG, JPEG and WebP."""
        return (await self._ask("look", data))[0]

    async def close(self) -> None:
        """End the idle children; busy ones end with this process."""
        while not self._slots.empty():
            await _end(self._slots.get_nowait())

    async def _ask(self, name: str, data: bytes) -> tuple[Facts, bytes]:
        child = await self._slots.get()
        try:
            async with asyncio.timeout(self._seconds):
                child = child or await _start()
                answer, body = await _exchange(child, name, data)
        except (TimeoutError, EOFError, OSError, ValueError) as error:
            log.warning("a picture of %d bytes was too much for the process that opens pictures: %r", len(data), error)
            await _end(child)
            child = None
            raise PictureError("I could not open that picture safely; save it again as PNG or JPEG.") from None
        except BaseException:
            # The caller has gone, so nobody would read the child's answer.
            await _end(child)
            child = None
            raise
        finally:
            self._slots.put_nowait(child)
        if "error" in answer:
            raise PictureError(answer["error"], **answer["params"])
        return answer, body


async def _start() -> Process:
    # Run the same code as this process, wherever it was started from.
    code = f"import sys; sys.path = {sys.path!r}; from generation.images.sandbox import serve; serve({os.getpid()})"
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=PIPE, stdout=PIPE, start_new_session=True,
        env={name: os.environ[name] for name in KEPT if name in os.environ} | SINGLE_THREADED,
    )  # fmt: skip


async def _exchange(child: Process, name: str, data: bytes) -> tuple[Facts, bytes]:
    """Send a picture and read the answer.

    Raises EOFError or OSError if the child died, ValueError if its answer makes no sense.
    """
    if child.stdin is None or child.stdout is None:
        raise EOFError
    child.stdin.write(f"{name} {len(data)}\n".encode())
    child.stdin.write(data)
    await child.stdin.drain()
    answer = json.loads(await child.stdout.readline())
    return answer["facts"], await child.stdout.readexactly(answer["size"])


async def _end(child: Process | None) -> None:
    if child is None:
        return
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()


def serve(parent: int) -> None:
    """Answer requests until the pipe ends: the child's main function."""
    end_with(parent)
    signal.signal(
        signal.SIGTERM, signal.SIG_IGN
    )  # systemd signals every process; the parent ends its children in order
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while line := source.readline():
        name, size = line.split()
        facts, body = _answer(name.decode(), source.read(int(size)))
        sink.write(json.dumps({"facts": facts, "size": len(body)}).encode() + b"\n")
        sink.write(body)
        sink.flush()


def _answer(name: str, data: bytes) -> tuple[Facts, bytes]:
    try:
        return CALLS[name](data)
    except GenerationError as error:
        refused = error
    except MemoryError:
        refused = PictureError("That picture needs too much memory to open; send a smaller one.")
    except Exception:  # noqa: BLE001 - whatever a broken file does to a decoder, only that file fails
        _report()
        refused = PictureError("That picture is damaged or incomplete; save it again as PNG or JPEG and send that.")
    return {"error": refused.template, "params": dict(refused.params)}, b""


def _report() -> None:
    """Print the exception at hand; not into a file, since this process may write none."""
    with suppress(OSError):
        traceback.print_exc()


def _open_picture(data: bytes) -> tuple[Facts, bytes]:
    opened = images.open_picture(data)
    return {
        "width": opened.width,
        "height": opened.height,
        "notes": [(note.template, note.params) for note in opened.notes],
    }, opened.png


def _parameters(data: bytes) -> tuple[Facts, bytes]:
    found = read_parameters(data)
    return (asdict(found) if found else {}), b""


def _manifests(data: bytes) -> tuple[Facts, bytes]:
    from ..provenance import manifest_archives

    return {}, manifest_archives(data)


def _provenance(asked: bytes) -> tuple[Facts, bytes]:
    from .. import provenance

    head, _, data = asked.partition(b"\0")
    options = json.loads(head)
    names = tuple((organization, name) for organization, name in options["known"].pop("names"))
    found = provenance.read_provenance(data, provenance.Known(names=names, **options["known"]))
    if folder := options["folder"]:
        try:
            found = replace(found, mark=provenance.read_watermark(data, Path(folder)))
        except OSError:  # the files of the watermark cannot be used, which says nothing of the picture
            _report()
    return asdict(found), b""


def _look(data: bytes) -> tuple[Facts, bytes]:
    return dict(_detector().look(data)), b""


@cache
def _detector() -> Any:
    from ..safety import Detector  # imports onnxruntime, which only this process needs

    return Detector()


CALLS: Mapping[str, Callable[[bytes], tuple[Facts, bytes]]] = {
    "open_picture": _open_picture,
    "open_mask": lambda data: ({}, masks.open_mask(data)),
    "has_transparency": lambda data: ({"found": images.has_transparency(data)}, b""),
    "parameters": _parameters,
    "manifests": _manifests,
    "provenance": _provenance,
    "look": _look,
}
