"""What a model file is: decided in one place, before anything loads it."""

from .header import Kind, ModelFile, inspect, inspect_apart

__all__ = ["Kind", "ModelFile", "inspect", "inspect_apart"]
