"""Certificates are made once, kept for the owner only, renewed in time, and the operator's own are checked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from generation.provenance import Authority, CertificateError, certificates, read_credentials
from tests.generation.provenance.conftest import openssl_like


def leaf(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificates(pem)[0]


class Later(datetime):
    """A clock that is ahead."""

    ahead = timedelta()

    @classmethod
    def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> type[Later]:
    monkeypatch.setattr(certificates, "datetime", Later)
    monkeypatch.setattr(Later, "ahead", timedelta())
    return Later


def test_what_signs_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    """A second look finds the same certificate; nobody else can read the folder or the keys."""
    authority = Authority(tmp_path / "certificates")
    first = authority.credentials()
    assert Authority(tmp_path / "certificates").credentials() == first
    assert (tmp_path / "certificates").stat().st_mode & 0o077 == 0
    assert {path.stat().st_mode & 0o077 for path in authority.folder.iterdir()} == {0}


def test_a_certificate_is_renewed_before_it_ends(tmp_path: Path, clock: type[Later]) -> None:
    """After a year another one signs, by the same authority, while the first lasts for nine years more."""
    authority = Authority(tmp_path)
    first = authority.credentials()
    clock.ahead = timedelta(days=364)
    assert authority.credentials() == first
    clock.ahead = timedelta(days=366)
    second = authority.credentials()
    assert leaf(second.chain).serial_number != leaf(first.chain).serial_number
    assert second.anchor == first.anchor
    assert leaf(first.chain).not_valid_after_utc > datetime.now(UTC) + timedelta(days=9 * 365)


def test_an_authority_is_followed_by_another_and_stays_known(tmp_path: Path, clock: type[Later]) -> None:
    """When the authority would end before what it issues there is another, and both are trusted from then on."""
    authority = Authority(tmp_path)
    first = authority.credentials()
    clock.ahead = timedelta(days=20 * 365)
    second = authority.credentials()
    assert second.anchor != first.anchor
    assert authority.anchors() == second.anchor + first.anchor
    assert set(authority.names()) == {first.names, second.names}


@pytest.mark.parametrize("name", ["signer.pem", "authority.pem"])
def test_a_damaged_file_is_named(tmp_path: Path, name: str, clock: type[Later]) -> None:
    """What is broken is not silently replaced, since the operator may have a backup."""
    authority = Authority(tmp_path)
    authority.credentials()
    (tmp_path / name).write_text("nonsense")
    clock.ahead = timedelta(days=400)
    with pytest.raises(CertificateError, match=name):
        authority.credentials()


def test_the_operator_s_own_certificates_are_read(tmp_path: Path) -> None:
    """A chain and a key in two files sign, and the topmost certificate is what others have to trust."""
    chain, key = openssl_like(tmp_path)
    own = read_credentials(chain, key)
    assert own.algorithm == "es256"
    assert own.anchor.encode() in own.chain


def test_certificates_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    """The key of another certificate, a file without one, an absent file: each is named."""
    chain, key = openssl_like(tmp_path)
    other, _ = openssl_like(tmp_path / "other")
    with pytest.raises(CertificateError, match="is not the key of"):
        read_credentials(other, key)
    with pytest.raises(CertificateError, match=r"chain\.pem: holds no unencrypted private key"):
        read_credentials(chain, chain)
    with pytest.raises(CertificateError, match="cannot be read"):
        read_credentials(tmp_path / "absent.pem", key)


def test_an_ended_certificate_is_refused(tmp_path: Path, clock: type[Later]) -> None:
    """What it signed would not be valid."""
    chain, key = openssl_like(tmp_path)
    clock.ahead = timedelta(days=11 * 365)
    with pytest.raises(CertificateError, match="ended on"):
        read_credentials(chain, key)
