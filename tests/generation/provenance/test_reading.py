"""What a picture carries is read back, ours or others', whole or altered, and broken files are no error."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from generation import Inspector, PictureError
from generation.provenance import (
    Authority,
    Known,
    Provenance,
    Signature,
    Signer,
    Trust,
    describe_picture,
    read_provenance,
    reading,
)
from tests.generation.provenance.conftest import MADE, NOON, encoded


@pytest.fixture
def known(authority: Authority) -> Known:
    return Known(anchors=authority.anchors(), names=authority.names())


@pytest.fixture
def signed(signer: Signer, png: bytes) -> bytes:
    return signer.sign(png, describe_picture(MADE, model="Embedded", when=NOON, prompt=False))


def signature_of(data: bytes, known: Known) -> Signature:
    found = read_provenance(data, known).signature
    assert found
    return found


def test_ours_is_known_as_ours(signed: bytes, known: Known) -> None:
    """Signed by this installation: what, when and with which model."""
    found = signature_of(signed, known)
    assert (found.trust, found.valid, found.changed) == (Trust.OURS, True, False)
    assert (found.models, found.when) == (("Embedded",), "2026-12-02T12:00:00Z")


def test_another_installation_s_is_valid_and_unknown(signed: bytes, tmp_path: Path) -> None:
    """Who has another authority sees who signed, that it holds, and that nobody vouches for it."""
    other = Authority(tmp_path)
    other.credentials()
    found = signature_of(signed, Known(anchors=other.anchors(), names=other.names()))
    assert (found.trust, found.valid) == (Trust.UNKNOWN, True)
    assert found.organization == "Criar"


def test_whom_the_operator_trusts_is_listed(signed: bytes, authority: Authority) -> None:
    """An authority on the operator's list vouches, and is not taken for us."""
    assert signature_of(signed, Known(trusted=authority.anchors())).trust is Trust.LISTED


def test_another_s_certificate_of_the_same_authority_is_not_ours(signed: bytes, authority: Authority) -> None:
    """A public authority issues to many; only the names that we have are ours."""
    found = signature_of(signed, Known(anchors=authority.anchors(), names=(("Criar", "somebody else"),)))
    assert found.trust is Trust.UNKNOWN


def test_what_another_implementation_signed_is_read() -> None:
    """A JPEG that c2pa-ts 0.9.4 wrote, which shares no code with c2pa-python, under an issuer made for it."""
    folder = Path(__file__).parent
    data, issuer = (folder / "foreign.jpg").read_bytes(), (folder / "foreign.pem").read_text()
    for known, trust in ((Known(), Trust.UNKNOWN), (Known(trusted=issuer), Trust.LISTED)):
        found = signature_of(data, known)
        assert (found.valid, found.trust, found.organization) == (True, trust, "Foreign Camera GmbH")
        assert found.source_type == "trainedAlgorithmicMedia"
    altered = data[:-30] + bytes([data[-30] ^ 1]) + data[-29:]
    assert (signature_of(altered, Known()).valid, signature_of(altered, Known()).changed) == (False, True)


def test_a_public_authority_s_time_stamp_makes_no_stranger_trusted() -> None:
    """What c2pa says of C.jpg of c2pa-python's tests, signed with a key that is public, names no trusted signer."""
    said = {
        "success": [
            {"code": "timeStamp.trusted", "explanation": "legacy timestamp cert trusted: DigiCert Timestamp 2023"}
        ],
        "failure": [{"code": "signingCredential.untrusted", "explanation": "signing certificate untrusted"}],
    }
    store = {"validation_results": {"activeManifest": said}, "validation_state": "Valid"}
    found = reading._read_manifest({"signature_info": {"issuer": "C2PA Test Signing Cert"}}, store, Known())
    assert (found.trust, found.valid, found.problems) == (Trust.UNKNOWN, True, ())


@pytest.mark.parametrize("format_", ["PNG", "JPEG", "WEBP"])
def test_each_format_is_known_and_its_alteration_too(signer: Signer, known: Known, format_: str) -> None:
    """As it was sent it is ours; with one byte of its picture changed it is ours and altered."""
    data = signer.sign(encoded(format_), describe_picture(MADE, model="Embedded", when=NOON, prompt=False))
    found = signature_of(data, known)
    assert (found.trust, found.valid, found.changed) == (Trust.OURS, True, False)
    place = {"PNG": data.rfind(b"IDAT") + 10, "JPEG": len(data) - 10, "WEBP": data.find(b"VP8") + 40}[format_]
    found = signature_of(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :], known)
    assert (found.trust, found.valid, found.changed) == (Trust.OURS, False, True)


def test_a_changed_manifest_is_no_proof(signed: bytes, known: Known) -> None:
    """Whoever writes into our manifest breaks its signature, and what it says does not count as an altered picture."""
    found = signature_of(signed.replace(b"Embedded", b"Enhanced"), known)
    assert (found.valid, found.changed) == (False, False)
    assert found.problems


def test_without_a_signature_xmp_says_that_a_model_made_it(png: bytes, known: Known) -> None:
    """Re-encoded without the manifest, XMP is left if whoever did it kept that."""
    assert read_provenance(png, known) == Provenance(source_type="trainedAlgorithmicMedia")
    xmp = Image.open(io.BytesIO(png)).info["XML:com.adobe.xmp"].encode()
    for format_ in ("JPEG", "WEBP"):
        found = read_provenance(encoded(format_, xmp=xmp), known)
        assert found.by_model
        assert found.signature is None


@pytest.mark.parametrize("cut", [1, 100, 3000])
def test_a_broken_file_is_no_error(signed: bytes, known: Known, cut: int) -> None:
    """Cut off, or no picture at all: what can be read is, and nothing counts as valid."""
    for data in (signed[:-cut], signed[: len(signed) // 2], b"", b"jumb c2pa"):
        found = read_provenance(data, known).signature
        assert found is None or not found.valid or data == signed[:-cut]


async def test_the_image_sandbox_reads_it_too(signed: bytes, png: bytes, known: Known) -> None:
    """The same answer comes from the child process, which others' files are given to."""
    inspector = Inspector(children=1)
    try:
        assert await inspector.provenance(signed, known, None) == read_provenance(signed, known)
        assert await inspector.provenance(png, known, None) == read_provenance(png, known)
        assert await inspector.manifests(signed)
        assert await inspector.manifests(png) == b""
        with pytest.raises(PictureError):
            await inspector.manifests(b"jumb....jumd: no picture")
    finally:
        await inspector.close()


def test_what_others_write_is_cut(signer: Signer, png: bytes, known: Known) -> None:
    """A manifest may say anything, at any length."""
    long = replace(MADE, prompt="x" * 5000)
    found = signature_of(signer.sign(png, describe_picture(long, model="m" * 900, when=NOON, prompt=True)), known)
    assert len(found.description) == len(found.models[0]) == 400
