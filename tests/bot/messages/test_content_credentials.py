"""Files are ready to leave: signed last, within the limit, labelled and without prompts unless both wish them."""

import io
import logging
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import c2pa
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from PIL import Image

from bot.background.certificate_expiry import ending
from bot.config.schema import Provenance, SigningFiles
from bot.errors import ConfigError
from bot.messages.content_credentials import ContentCredentials
from generation import Task, images
from generation.provenance import Authority, Known, Trust, manifest_archives, read_provenance, read_watermark
from tests.generation.provenance.conftest import MADE, NOON, drawn
from tests.tiny.trustmark import write_tiny_trustmark

LIMIT = 10 * 2**20

Make = Callable[..., ContentCredentials]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    return lambda **settings: ContentCredentials(Provenance(**settings), tmp_path / "data")


def png(size: tuple[int, int] = (256, 256)) -> bytes:
    return images.encode_png(drawn(size), MADE)


def finish(credentials: ContentCredentials, data: bytes, limit: int = LIMIT, **options: Any) -> tuple[bytes, str]:
    return credentials.picture(data, MADE, limit, **{"model": "Embedded", "when": NOON, "prompt": False, **options})


def trusted(data: bytes, credentials: ContentCredentials) -> bool:
    found = read_provenance(data, credentials.known).signature
    return bool(found and found.valid and found.trust is Trust.OURS)


def noise() -> bytes:
    pixels = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    return images.encode_png(Image.fromarray(pixels), MADE)


def test_a_picture_is_signed_without_any_setting(make: Make) -> None:
    """A bot that is started for the first time makes its certificates itself, where only its owner reads them."""
    credentials = make()
    data, extension = finish(credentials, png())
    assert extension == "png"
    assert trusted(data, credentials)


@pytest.mark.parametrize("limit", [120_000, 60_000, 20_000])
def test_the_signature_stands_in_what_was_made_to_fit(make: Make, limit: int) -> None:
    """Re-encoded for the upload limit as WebP or JPEG, it is signed after that, and fits with its manifest."""
    credentials = make()
    data, extension = finish(credentials, noise(), limit)
    assert extension in ("webp", "jpg")
    assert len(data) <= limit
    assert trusted(data, credentials)


@pytest.mark.parametrize(("allowed", "wished"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("limit", [LIMIT, 60_000])
def test_the_prompt_is_in_the_file_only_if_operator_and_member_wish(
    make: Make, allowed: bool, wished: bool, limit: int
) -> None:
    """Neither in the manifest nor in the other texts; the settings stay."""
    data, _ = finish(make(prompt=allowed), noise(), limit, prompt=wished)
    texts = [data, data.replace(b"\0", b"")]  # what is no PNG has them as UTF-16
    assert any(b"secret cat" in text for text in texts) is (allowed and wished)
    assert any(b"Sampler: DDIM" in text for text in texts)


def test_what_cannot_be_signed_leaves_all_the_same(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    """The picture is whole, and why it is unsigned is told once an hour."""
    credentials = make()
    finish(credentials, png())
    broken = make()
    for name in ("signer.pem", "authority.pem"):
        (broken._authority.folder / name).write_text("nonsense")
    before = png()
    with caplog.at_level(logging.ERROR):
        assert finish(broken, before, prompt=True) == (before, "png")
        assert broken.sheet(before, LIMIT) == (before, "png")
    assert "signer.pem" in broken.take_trouble()
    assert broken.take_trouble() == ""
    finish(broken, before)
    assert broken.take_trouble() == ""
    assert "leaves unsigned" in caplog.text


def test_off_signs_nothing_and_makes_no_certificates(make: Make, tmp_path: Path) -> None:
    """As the operator wishes; what others sent can still be read."""
    credentials = make(c2pa="off")
    before = png()
    assert finish(credentials, before, prompt=True) == (before, "png")
    assert not (tmp_path / "data").exists()
    assert credentials.known == Known()


def test_the_operator_s_own_certificates_sign(make: Make, tmp_path: Path) -> None:
    """Others who trust that authority trust the picture; earlier ones of the bot's own stay ours."""
    before, _ = finish(make(), png())
    own = Authority(tmp_path / "theirs").credentials()
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(own.chain)
    key.write_bytes(own.key)
    credentials = make(c2pa=SigningFiles(certificates=chain, key=key))
    data, _ = finish(credentials, png())
    assert trusted(data, credentials)
    assert trusted(before, credentials)
    public = c2pa.Context.from_dict({"version": 1, "trust": {"trust_anchors": own.anchor}})
    assert c2pa.Reader(io.BytesIO(data), context=public).get_validation_state() == "Trusted"


def test_settings_that_cannot_work_are_named(make: Make, tmp_path: Path) -> None:
    """Absent files, and a watermark whose files are not fetched, end the start with a sentence."""
    absent = tmp_path / "absent.pem"
    with pytest.raises(ConfigError, match=r"absent\.pem"):
        make(c2pa=SigningFiles(certificates=absent, key=absent))
    with pytest.raises(ConfigError, match=r"absent\.pem"):
        make(trusted=absent)
    with pytest.raises(ConfigError, match="python -m bot provenance --fetch"):
        make(watermark=True)


def test_a_certificate_that_is_for_something_else_ends_the_start(make: Make, tmp_path: Path) -> None:
    """A web server's certificate belongs to its key and cannot sign pictures, which is said before any is made."""
    chain, key = a_web_server_s(tmp_path)
    with pytest.raises(ConfigError, match=r"chain\.pem: cannot sign pictures .* e-mail protection"):
        make(c2pa=SigningFiles(certificates=chain, key=key))


def a_web_server_s(folder: Path) -> tuple[Path, Path]:
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 5, now - timedelta(1), now + timedelta(90))
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    chain, file = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(builder.sign(key, SHA256()).public_bytes(Encoding.PEM))
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return chain, file


def test_a_list_of_trusted_authorities_is_checked(make: Make, tmp_path: Path) -> None:
    """Certificates in another form than PEM are named, and do not make every look at a picture fail."""
    listed = tmp_path / "list.der"
    listed.write_bytes(b"\x30\x82\xff")
    with pytest.raises(ConfigError, match=r"list\.der: holds no certificate as PEM"):
        make(trusted=listed)


def test_a_marked_picture_is_known_without_its_signature(make: Make, tmp_path: Path) -> None:
    """The bits are read after everything else is gone, name the hour, and stand in the manifest too."""
    folder = write_tiny_trustmark(tmp_path / "data" / "watermark")
    credentials = make(watermark=True)
    data, _ = finish(credentials, png((512, 512)))
    bare = io.BytesIO()
    Image.open(io.BytesIO(data)).convert("RGB").save(bare, "JPEG", quality=90)
    mark = read_watermark(bare.getvalue(), folder)
    assert credentials.made_at(mark) == NOON
    assert credentials.made_at("01" * 30 + "0") is None
    assert credentials.made_at("") is None
    assert trusted(data, credentials)
    assert mark.encode() in data


def test_a_picture_that_cannot_be_marked_leaves_signed(make: Make, tmp_path: Path) -> None:
    """As when the files were deleted while the bot runs."""
    folder = write_tiny_trustmark(tmp_path / "data" / "watermark")
    credentials = make(watermark=True)
    for path in folder.iterdir():
        path.write_bytes(b"nonsense")
    data, _ = finish(credentials, png())
    assert trusted(data, credentials)
    assert "encoder_Q" in credentials.take_trouble()


def test_files_of_another_watermark_lose_no_picture(make: Make, tmp_path: Path) -> None:
    """Files that load and take other inputs fail as the picture is marked, and it leaves signed."""
    folder = write_tiny_trustmark(tmp_path / "data" / "watermark")
    shutil.copy(folder / "decoder_Q.onnx", folder / "encoder_Q.onnx")
    credentials = make(watermark=True)
    data, _ = finish(credentials, png())
    assert trusted(data, credentials)
    assert str(folder) in credentials.take_trouble()


def test_a_sheet_is_labelled_marked_and_signed(make: Make, tmp_path: Path) -> None:
    """As a single picture is, within the limit, and named as a composite."""
    folder = write_tiny_trustmark(tmp_path / "data" / "watermark")
    credentials = make(watermark=True, label="corner")
    data, extension = credentials.sheet(png((512, 512)), LIMIT)
    assert extension == "png"
    assert trusted(data, credentials)
    assert credentials.made_at(read_watermark(data, folder))
    assert "compositeWithTrainedAlgorithmicMedia" in c2pa.Reader(io.BytesIO(data)).json()
    corner = np.asarray(Image.open(io.BytesIO(data)))[-14:-10, -14:-10]  # within the label's dark ground
    assert corner.mean() < np.asarray(drawn((512, 512)))[-14:-10, -14:-10].mean() - 80
    small, extension = credentials.sheet(noise(), 40_000)
    assert len(small) <= 40_000
    assert extension in ("webp", "jpg")
    assert trusted(small, credentials)


@pytest.mark.parametrize("size", [(512, 512), (64, 200)])
def test_a_label_stands_in_the_corner_only(make: Make, size: tuple[int, int]) -> None:
    """It changes the lower right corner, and nothing else."""
    data, _ = finish(make(label="corner"), png(size))
    changed = np.any(np.asarray(Image.open(io.BytesIO(data))) != np.asarray(drawn(size)), axis=-1)
    rows, columns = np.nonzero(changed)
    assert rows.min() > size[1] * 0.7
    assert columns.min() > size[0] * 0.3
    assert changed.sum() > 100


def test_a_changed_picture_names_what_it_was_made_from(make: Make, tmp_path: Path) -> None:
    """The input's own manifests go on; without them, or without the input, it is signed as well."""
    credentials = make()
    source = tmp_path / "input.png"
    changed = replace(MADE, task=Task.IMG2IMG, images=(source,))
    signed = credentials.original(png(), MADE, model="First", when=NOON)
    for archive in (manifest_archives(signed), b""):
        source.write_bytes(png())
        source.with_suffix(".c2pa").write_bytes(archive)
        data, _ = credentials.picture(png(), changed, LIMIT, model="Second", when=NOON, prompt=False)
        found = read_provenance(data, credentials.known).signature
        assert found
        assert (found.valid, found.inputs) == (True, 1)
        assert (b"First" in data) is bool(archive)
    source.unlink()
    data, _ = credentials.picture(png(), changed, LIMIT, model="Second", when=NOON, prompt=False)
    assert trusted(data, credentials)


def test_every_picture_that_went_in_is_named(make: Make, tmp_path: Path) -> None:
    """The first is what was opened, the others were placed into it, each with its own manifest if it came with one."""
    credentials = make()
    paths = tuple(tmp_path / f"input-{number}.png" for number in range(3))
    for number, path in enumerate(paths):
        data = images.encode_png(drawn((64 + number, 64)), MADE)
        path.write_bytes(data)
        if number < 2:
            signed = credentials.original(data, MADE, model=f"Model {number}", when=NOON)
            path.with_suffix(".c2pa").write_bytes(manifest_archives(signed))
    changed = replace(MADE, task=Task.EDIT, images=paths)
    data, _ = credentials.picture(png(), changed, LIMIT, model="Last", when=NOON, prompt=False)
    assert trusted(data, credentials)
    active = c2pa.Reader(io.BytesIO(data)).get_active_manifest()
    assert active
    assert [each["action"] for each in active["assertions"][0]["data"]["actions"]] == [
        "c2pa.opened", "c2pa.placed", "c2pa.placed", "c2pa.edited",
    ]  # fmt: skip
    assert [(each["relationship"], "active_manifest" in each) for each in active["ingredients"]] == [
        ("parentOf", True), ("componentOf", True), ("componentOf", False),
    ]  # fmt: skip
    assert b"Model 0" in data
    assert b"Model 1" in data


def test_an_own_certificate_that_ends_soon_is_said(make: Make, tmp_path: Path) -> None:
    """A month before it, with the day and what to do; certificates that the bot makes itself are never said."""
    assert ending(make(), datetime.now(UTC) + timedelta(days=360)) == ""
    theirs = Authority(tmp_path / "theirs").credentials()
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(theirs.chain)
    key.write_bytes(theirs.key)
    own = make(c2pa=SigningFiles(certificates=chain, key=key))
    ends = theirs.ends_at
    assert ending(own, ends - timedelta(days=31)) == ""
    for left in (30, 0, -1):
        said = ending(own, ends - timedelta(days=left))
        assert f"provenance.c2pa: {chain} ends on {ends:%Y-%m-%d}" in said
    chain.write_text("nonsense")
    assert "chain.pem: holds no certificate" in ending(own, ends - timedelta(days=90))


def test_what_signs_is_for_its_owner_only(make: Make, tmp_path: Path) -> None:
    """Whatever the process's umask is."""
    make()
    folder = tmp_path / "data" / "certificates"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
