"""Where a picture comes from: signed, marked invisibly, and read back. None of it loads torch."""

from .certificates import ANCHORS, KEPT, Authority, CertificateError, Credentials, read_authorities, read_credentials
from .ingredients import MANIFESTS_SUFFIX, Input
from .manifest import Manifest, describe_picture, describe_preview, describe_sheet
from .payload import read_payload, write_payload
from .png import encode_like, with_parameters
from .reading import Known, Provenance, Signature, Trust, read_provenance
from .signing import Signer, SigningError, has_manifest, manifest_archives
from .watermark import has_watermark_files, read_watermark, write_watermark
from .watermark_files import fetch_watermark_files

__all__ = [
    "ANCHORS",
    "KEPT",
    "MANIFESTS_SUFFIX",
    "Authority",
    "CertificateError",
    "Credentials",
    "Input",
    "Known",
    "Manifest",
    "Provenance",
    "Signature",
    "Signer",
    "SigningError",
    "Trust",
    "describe_picture",
    "describe_preview",
    "describe_sheet",
    "encode_like",
    "fetch_watermark_files",
    "has_manifest",
    "has_watermark_files",
    "manifest_archives",
    "read_authorities",
    "read_credentials",
    "read_payload",
    "read_provenance",
    "read_watermark",
    "with_parameters",
    "write_payload",
    "write_watermark",
]
