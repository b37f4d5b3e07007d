"""Signs pictures as C2PA wants it (https://spec.c2pa.org): a manifest in the file says how it was made. Blocks."""

import io
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from PIL import Image

from .certificates import Credentials
from .ingredients import INPUT, Input, further_label
from .manifest import GENERATOR, Manifest

MOST_ARCHIVE = 512 * 2**10  # bytes of an input's manifests, which may hold pictures themselves
#: what we vouch for ourselves; the rest of a claim is named as gathered from elsewhere
OWN = ["c2pa.actions", "c2pa.ingredient", "c2pa.soft-binding"]
#: no thumbnails, which would show what a person cut away; nothing is ever fetched
SETTINGS: dict[str, Any] = {
    "version": 1,
    "builder": {"thumbnail": {"enabled": False}, "created_assertion_labels": OWN},
    "verify": {"verify_after_sign": True, "verify_trust": False, "remote_manifest_fetch": False, "ocsp_fetch": False},
}


#: how a manifest begins: a box and its description: ISO/IEC 19566-5
_BOXES = re.compile(rb"jumb.{4}jumd", re.DOTALL)


class SigningError(Exception):
    """A picture could not be signed; it is whole and unsigned."""


class Signer:
    """Signs with the credentials that ``source`` gives, and asks for others when these are to be renewed."""

    def __init__(self, source: Callable[[], Credentials]) -> None:
        self._source = source
        self._lock = Lock()
        self._credentials: Credentials | None = None
        self._context: Any = None

    def sign(self, picture: bytes, manifest: Manifest, inputs: Sequence[Input] = ()) -> bytes:
        """The picture (PNG, JPEG, WebP) with a signed manifest in it.

        ``inputs`` are the pictures that it was made from, the one that was opened first. Raises SigningError if it
        cannot be signed, CertificateError or OSError if there is nothing to sign with.
        """
        import c2pa

        with self._lock:
            try:
                context = self._ready()
                if any(each.archives for each in inputs):
                    try:
                        return _signed(context, picture, manifest, inputs)
                    except c2pa.C2paError:
                        pass  # somebody else's manifest must not keep ours from being written
                return _signed(context, picture, manifest, inputs, archives=False)
            except (c2pa.C2paError, ValueError, RuntimeError) as error:  # the library raises all three
                raise SigningError(str(error)) from error

    def _ready(self) -> Any:
        import c2pa

        if self._credentials is None or datetime.now(UTC) >= self._credentials.renew_at:
            self._credentials = self._source()
            info = c2pa.C2paSignerInfo(
                self._credentials.algorithm, self._credentials.chain, self._credentials.key, None
            )
            self._context = c2pa.Context.from_dict(SETTINGS, signer=c2pa.Signer.from_info(info))
        return self._context


def has_manifest(data: bytes) -> bool:
    """Whether a file carries a manifest, be it valid or not."""
    return _BOXES.search(data) is not None


def manifest_archives(data: bytes) -> bytes:
    """The C2PA manifests of a picture as Input keeps them; empty if it has none, or too large ones.

    For what others sent: call it in the image sandbox. Raises what c2pa raises for broken manifests.
    """
    import c2pa

    if c2pa.Reader.try_create(io.BytesIO(data)) is None:
        return b""
    opened = _archive(data, INPUT, "parentOf")
    placed = _archive(data, further_label(opened), "componentOf")
    return opened + placed if max(len(opened), len(placed)) <= MOST_ARCHIVE else b""


def _archive(data: bytes, label: str, relationship: str) -> bytes:
    """An archive of a picture with its manifests, as an ingredient with this label and relationship."""
    import c2pa

    context = c2pa.Context.from_dict(SETTINGS)
    builder = c2pa.Builder({"claim_generator_info": [{"name": GENERATOR}]}, context=context)
    builder.add_ingredient(_ingredient(label, relationship), _mime(data), io.BytesIO(data))
    archive = io.BytesIO()
    builder.write_ingredient_archive(label, archive)
    found = archive.getvalue()
    # Read once here, where it can do no harm, before the bot's own process does.
    c2pa.Builder({"claim_generator_info": [{"name": GENERATOR}]}, context=context).add_ingredient_from_archive(
        io.BytesIO(found)
    )
    return found


def _ingredient(label: str, relationship: str) -> dict[str, str]:
    return {"title": INPUT, "relationship": relationship, "label": label}


def _signed(
    context: Any, picture: bytes, manifest: Manifest, inputs: Sequence[Input], *, archives: bool = True
) -> bytes:
    import c2pa

    builder = c2pa.Builder(manifest, context=context)
    further = {each.label: each for each in inputs[1:]}  # the same picture may have gone in twice
    parts = [(INPUT, "parentOf", each, each.opened) for each in inputs[:1]]
    parts += [(label, "componentOf", each, each.placed) for label, each in further.items()]
    for label, relationship, each, archive in parts:
        if archive and archives:
            builder.add_ingredient_from_archive(io.BytesIO(archive))
        else:
            builder.add_ingredient(_ingredient(label, relationship), _mime(each.png), io.BytesIO(each.png))
    signed = io.BytesIO()
    builder.sign(_mime(picture), io.BytesIO(picture), signed)
    return signed.getvalue()


def _mime(data: bytes) -> str:
    with Image.open(io.BytesIO(data)) as image:
        return Image.MIME[str(image.format)]
