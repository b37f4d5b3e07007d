"""Reads where a picture says that it comes from: C2PA's manifests, XMP's digital source type, an invisible watermark.

It blocks, and works on what others sent: call it in the image sandbox.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from PIL import Image

from ..images.encoding import SOURCE_TYPE, XMP_KEY
from ..images.formats import BROKEN, open_image, texts_of_png
from .manifest import ACTIONS

MOST_SHOWN = 400  # characters of what somebody else wrote
MOST_LISTED = 12
#: the parts of IPTC's names of digital source types that say that a model made the picture, or some of it
BY_MODEL = ("trainedalgorithmic", "compositesynthetic")
#: C2PA's codes that say that the picture is another than the one that was signed
CHANGED = ("assertion.dataHash.mismatch", "assertion.boxesHash.mismatch", "assertion.bmffHash.mismatch")
_XMP_SOURCE_TYPE = re.compile(rf"DigitalSourceType[^\w]{{1,8}}{re.escape(SOURCE_TYPE)}(\w{{1,60}})")


class Trust(StrEnum):
    """Whose signature it is."""

    OURS = "ours"
    #: of somebody on the operator's list
    LISTED = "listed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whose signatures are known."""

    #: this installation's authorities, PEM, and the names (organization, common name) that sign under them
    anchors: str = ""
    names: tuple[tuple[str, str], ...] = ()
    #: authorities that the operator trusts, PEM
    trusted: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A picture's latest C2PA manifest; texts are what its author wrote, empty if it does not say."""

    organization: str = ""
    name: str = ""
    #: the program that wrote it
    generator: str = ""
    trust: Trust = Trust.UNKNOWN
    #: whether all of it holds; and whether all holds but that the picture is another than the one that was signed
    valid: bool = False
    changed: bool = False
    #: C2PA's codes of what does not hold
    problems: tuple[str, ...] = ()
    #: IPTC's name of the digital source type
    source_type: str = ""
    #: C2PA's names of what was done, such as c2pa.created
    actions: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    when: str = ""
    description: str = ""
    #: how many pictures it says that it was made from
    inputs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """All that a picture carries."""

    signature: Signature | None = None
    #: IPTC's name of the digital source type as XMP has it, which anybody can write
    source_type: str = ""
    #: the bits of an invisible watermark; empty if none is found
    mark: str = ""

    @property
    def by_model(self) -> bool:
        """Whether it says, signed or not, that a model made it or some of it."""
        said = [self.source_type, self.signature.source_type if self.signature else ""]
        return any(name in text.lower() for text in said for name in BY_MODEL)


def read_provenance(data: bytes, known: Known) -> Provenance:
    """What a picture says of where it comes from, without its watermark."""
    return Provenance(signature=_signature(data, known), source_type=_xmp_source_type(data))


def _signature(data: bytes, known: Known) -> Signature | None:
    import c2pa

    context = c2pa.Context.from_dict(_settings(known))
    try:
        reader = c2pa.Reader.try_create(io.BytesIO(data), context=context)
        if reader is None:
            return None
        store = json.loads(reader.json())
    except (c2pa.C2paError.NotSupported, c2pa.C2paError.Io):
        return None  # no kind of file that could carry a manifest
    except (c2pa.C2paError, ValueError) as error:
        return Signature(problems=(_text(str(error)),)) if b"c2pa" in data else None
    active = store.get("manifests", {}).get(store.get("active_manifest"), {})
    return _read_manifest(active, store, known)


def _settings(known: Known) -> dict[str, Any]:
    trust = {"user_anchors": known.anchors, "trust_anchors": known.trusted}
    return {
        "version": 1,
        "trust": {name: pem for name, pem in trust.items() if pem},
        "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False},
    }


def _read_manifest(active: Mapping[str, Any], store: Mapping[str, Any], known: Known) -> Signature:
    signed = active.get("signature_info") or {}
    results = (store.get("validation_results") or {}).get("activeManifest") or {}
    codes = [str(found.get("code")) for found in results.get("failure") or ()]
    problems = [code for code in codes if not code.endswith(".untrusted")]  # of its signer, or of who is named in it
    generators = active.get("claim_generator_info") or [{"name": active.get("claim_generator", "")}]
    organization, name = _text(signed.get("issuer")), _text(signed.get("common_name"))
    return Signature(
        organization=organization,
        name=name,
        generator=_text(f"{generators[0].get('name', '')} {generators[0].get('version') or ''}".strip()),
        trust=_trust(results, (organization, name), known),
        valid=store.get("validation_state") in ("Valid", "Trusted"),
        changed=bool(problems) and all(code in CHANGED for code in problems),
        problems=tuple(problems[:MOST_LISTED]),
        inputs=len(active.get("ingredients") or ()),
        **_read_actions(active),
    )


def _trust(results: Mapping[str, Any], names: tuple[str, str], known: Known) -> Trust:
    # A time stamp is "trusted" too: strangers can have theirs from a public authority.
    successes = [each for each in results.get("success") or () if each["code"] == "signingCredential.trusted"]
    found = [str(success.get("explanation")) for success in successes]
    if any("[user_anchors]" in explanation for explanation in found):
        # Others may have certificates of the authority that the operator's own comes from.
        return Trust.OURS if names in known.names else Trust.UNKNOWN
    return Trust.LISTED if found else Trust.UNKNOWN


def _read_actions(active: Mapping[str, Any]) -> dict[str, Any]:
    assertions = [found for found in active.get("assertions") or () if str(found.get("label")).startswith(ACTIONS[:12])]
    actions = [action for found in assertions for action in found.get("data", {}).get("actions") or ()]
    agents = [action.get("softwareAgent") for action in actions]
    types = [_text(action.get("digitalSourceType")).rpartition("/")[2] for action in actions]
    return {
        "source_type": next((found for found in types if found), ""),
        "actions": tuple(_text(action.get("action")) for action in actions)[:MOST_LISTED],
        "models": tuple(filter(None, (_text(a.get("name") if isinstance(a, dict) else a) for a in agents)))[
            :MOST_LISTED
        ],
        "when": next((_text(action["when"]) for action in actions if action.get("when")), ""),
        "description": next((_text(action["description"]) for action in actions if action.get("description")), ""),
    }


def _xmp_source_type(data: bytes) -> str:
    try:
        with open_image(data) as image:
            xmp = texts_of_png(data).get(XMP_KEY) or image.info.get("xmp") or ""
    except (Image.DecompressionBombError, *BROKEN):
        return ""
    text = xmp.decode(errors="replace") if isinstance(xmp, bytes) else str(xmp)
    found = _XMP_SOURCE_TYPE.search(text)
    return found[1] if found else ""


def _text(value: object) -> str:
    return str(value)[:MOST_SHOWN] if value else ""
