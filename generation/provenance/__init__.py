"""Where a picture comes from: signed, marked invisibly, and read back. None of it loads torch."""

from .certificates import KEPT, Authority, CertificateError, Credentials, read_credentials
from .manifest import Manifest, describe_picture, describe_sheet
from .reading import Known, Provenance, Signature, Trust, read_provenance
from .signing import Signer, SigningError, manifest_archive

__all__ = [
    "KEPT",
    "Authority",
    "CertificateError",
    "Credentials",
    "Known",
    "Manifest",
    "Provenance",
    "Signature",
    "Signer",
    "SigningError",
    "Trust",
    "describe_picture",
    "describe_sheet",
    "manifest_archive",
    "read_credentials",
    "read_provenance",
]
