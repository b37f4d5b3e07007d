"""What a model file is: decided in one place, before anything loads it."""

from .base import DENOISERS, UNUSED, base_of, is_whole, lacks
from .header import Kind, ModelFile, inspect, inspect_apart

__all__ = [
    "DENOISERS",
    "UNUSED",
    "Kind",
    "ModelFile",
    "base_of",
    "inspect",
    "inspect_apart",
    "is_whole",
    "lacks",
]
