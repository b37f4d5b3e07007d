"""The certificates that pictures are signed with: made here and renewed in time, or the operator's own. Blocks.

What is made here is a certificate authority and a certificate that it issues for signing. Only this installation knows
the authority, so others see a valid signature by somebody whom they do not trust.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

ORGANIZATION = "Criar"
#: a signature without a time stamp can be checked while its certificate lasts, so that this is long, and a certificate
#: signs only at the beginning of it
AUTHORITY_LIFE, SIGNER_LIFE, SIGNER_USED = timedelta(days=9131), timedelta(days=3652), timedelta(days=365)
SLOW_CLOCK = timedelta(days=1)  # by which a certificate begins earlier, for clocks that are behind
CLAIM_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")  # C2PA's own purpose
AUTHORITY, SIGNER, ANCHORS, MARK_KEY = "authority.pem", "signer.pem", "anchors.pem", "mark.key"
KEPT = (AUTHORITY, SIGNER, ANCHORS, MARK_KEY)  # all that a backup needs
OWNER_ONLY_FOLDER, OWNER_ONLY = 0o700, 0o600

#: C2PA's names of signature algorithms, by the length of an elliptic curve's key in bits
CURVES = {256: "es256", 384: "es384", 521: "es512"}
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


class CertificateError(Exception):
    """A certificate or key cannot be used; the text names the file and says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signs."""

    #: PEM, the signer's certificate first
    chain: bytes
    #: PEM, PKCS 8, unencrypted
    key: bytes
    #: C2PA's name of the signature algorithm
    algorithm: str
    #: from when on others are to be asked for
    renew_at: datetime

    @property
    def names(self) -> tuple[str, str]:
        """Organization and common name of the signer's certificate, as C2PA's reader shows them."""
        subject = x509.load_pem_x509_certificates(self.chain)[0].subject
        return _name_of(subject, NameOID.ORGANIZATION_NAME), _name_of(subject, NameOID.COMMON_NAME)

    @property
    def ends_at(self) -> datetime:
        """When the first certificate of the chain ends."""
        return min(each.not_valid_after_utc for each in x509.load_pem_x509_certificates(self.chain))

    @property
    def anchor(self) -> str:
        """The topmost certificate of the chain, PEM."""
        return x509.load_pem_x509_certificates(self.chain)[-1].public_bytes(Encoding.PEM).decode()


class Authority:
    """The certificate authority in a folder of the installation; makes what is missing there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def credentials(self) -> Credentials:
        """What signs now: the certificate at hand, or another one when that has signed for a year.

        Raises CertificateError if a file is damaged, OSError if the folder cannot be written.
        """
        now = datetime.now(UTC)
        self.folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
        path = self.folder / SIGNER
        if not path.exists() or _begun(_certificates(path)) + SIGNER_USED <= now:
            self._issue(now)
        certificates, key = _certificates(path), _key(path)
        return Credentials(
            chain=b"".join(map(_pem, certificates)),
            key=_key_pem(key),
            algorithm=_algorithm(key),
            renew_at=_begun(certificates) + SIGNER_USED,
        )

    def anchors(self) -> str:
        """The certificates of every authority that this installation ever had, PEM; empty if it never had one."""
        path = self.folder / ANCHORS
        return path.read_text() if path.exists() else ""

    def names(self) -> tuple[tuple[str, str], ...]:
        """Organization and common name of every certificate that these authorities issue."""
        pem = self.anchors().encode()
        authorities = x509.load_pem_x509_certificates(pem) if pem else []
        return tuple((ORGANIZATION, _signer_name(authority)) for authority in authorities)

    def mark_key(self) -> bytes:
        """The secret by which this installation's watermarks are told from others'; made when it is first needed."""
        path = self.folder / MARK_KEY
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY_FOLDER)
            _write(path, secrets.token_hex(32).encode())
        return path.read_bytes()

    def _issue(self, now: datetime) -> None:
        """Make another signer's certificate; another authority too if the one at hand would end before it."""
        path = self.folder / AUTHORITY
        if not path.exists() or _certificates(path)[0].not_valid_after_utc < now + SIGNER_LIFE:
            key, certificate = _make_authority(now)
            # First what checks, so that nothing is ever signed that cannot be.
            _write(self.folder / ANCHORS, _pem(certificate) + self.anchors().encode())
            _write(path, _pem(certificate) + _key_pem(key))
        issuer, issuer_key = _certificates(path)[0], _key(path)
        if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
            raise CertificateError(f"{path}: holds a key of another kind; restore it from a backup, or delete it")
        key, certificate = _make_signer(now, issuer, issuer_key)
        _write(self.folder / SIGNER, _pem(certificate) + _pem(issuer) + _key_pem(key))


def read_credentials(chain: Path, key: Path) -> Credentials:
    """The operator's own certificates, the signer's first, and its key.

    Raises CertificateError if they cannot be read, do not belong together, or have ended.
    """
    certificates = _certificates(chain)
    private = _key(key)
    if private.public_key() != certificates[0].public_key():
        raise CertificateError(f"{key}: is not the key of the first certificate in {chain}; put the signer's first")
    if certificates[0].not_valid_after_utc <= datetime.now(UTC):
        raise CertificateError(f"{chain}: ended on {certificates[0].not_valid_after_utc:%Y-%m-%d}; get another one")
    return Credentials(
        chain=b"".join(map(_pem, certificates)),
        key=_key_pem(private),
        algorithm=_algorithm(private),
        renew_at=certificates[0].not_valid_after_utc,
    )


def read_authorities(path: Path) -> str:
    """The certificates of authorities, PEM. Raises CertificateError if they cannot be read."""
    return b"".join(map(_pem, _certificates(path))).decode()


def _make_authority(now: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    # Part of the name is random, so that installations can be told apart by it.
    name = _name(f"Criar installation {secrets.token_hex(4)}")
    builder = _builder(name, name, key, now, AUTHORITY_LIFE)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(certificates=True), critical=True)
    return key, builder.sign(key, hashes.SHA256())


def _make_signer(
    now: datetime, issuer: x509.Certificate, issuer_key: ec.EllipticCurvePrivateKey
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(_signer_name(issuer)), issuer.subject, key, now, SIGNER_LIFE)
    for extension, critical in (
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (_usage(certificates=False), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION, CLAIM_SIGNING]), True),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return key, builder.sign(issuer_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - SLOW_CLOCK)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    """What a key may do: sign certificates, or sign pictures."""
    return x509.KeyUsage(
        digital_signature=not certificates, key_cert_sign=certificates, crl_sign=certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _signer_name(authority: x509.Certificate) -> str:
    return f"{_name_of(authority.subject, NameOID.COMMON_NAME)}, signer"


def _name_of(name: x509.Name, oid: ObjectIdentifier) -> str:
    found = name.get_attributes_for_oid(oid)
    return str(found[0].value) if found else ""


def _begun(chain: Sequence[x509.Certificate]) -> datetime:
    return chain[0].not_valid_before_utc + SLOW_CLOCK


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except ValueError:
        raise CertificateError(
            f"{path}: holds no certificate as PEM; convert it, or restore it from a backup"
        ) from None


def _key(path: Path) -> PrivateKey:
    try:
        key = serialization.load_pem_private_key(_key_part(_read(path)), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CertificateError(f"{path}: holds no unencrypted private key as PEM; restore it from a backup") from None
    if not isinstance(key, PrivateKey) or not _algorithm(key):
        raise CertificateError(f"{path}: must be an EC (P-256, P-384, P-521), RSA or Ed25519 key")
    return key


def _key_part(pem: bytes) -> bytes:
    """The private key of a file that may hold certificates before it."""
    begin = pem.find(b"-----BEGIN", pem.rfind(b"-----END CERTIFICATE-----") + 1)
    return pem[max(begin, 0) :]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateError(f"{path}: cannot be read ({error.strerror})") from error


def _algorithm(key: PrivateKey) -> str:
    """C2PA's name of what the key signs with; empty for a curve that it does not allow."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return CURVES.get(key.curve.key_size, "")
    return "ps256" if isinstance(key, rsa.RSAPrivateKey) else "ed25519"


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def _key_pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(path: Path, data: bytes) -> None:
    """All or nothing, for the owner only."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    file = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    with os.fdopen(file, "wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)
