"""Pictures as bytes: opened safely, fitted, encoded with their parameters. Everything here blocks; no torch."""

from .encoding import encode_png, parameters_text, source_type
from .nearest_size import fit_size, fit_source
from .opening import MAX_BYTES, WHITENED, OpenedPicture, check_bytes, has_transparency, open_picture, read_kept
from .upload_limit import under_limit

__all__ = [
    "MAX_BYTES",
    "WHITENED",
    "OpenedPicture",
    "check_bytes",
    "encode_png",
    "fit_size",
    "fit_source",
    "has_transparency",
    "open_picture",
    "parameters_text",
    "read_kept",
    "source_type",
    "under_limit",
]
