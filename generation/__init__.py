"""Pictures from requests. What stands here is all that others may import; none of it loads torch."""

from . import downloads, images
from .catalogue import Catalogue, matching, resembling
from .entries import read_models
from .errors import GenerationError, ModelError, PictureError, RequestError
from .inspection import Inspector
from .parameters import Parameters
from .pins import Pin, forget, read_pins, write_pins
from .service import Service
from .types import (
    MAX_LORA_WEIGHT,
    MAX_LORAS,
    MAX_SEED,
    SEEN,
    Cancelled,
    Defaults,
    Event,
    Failed,
    Finished,
    Job,
    Limits,
    LoraSpec,
    ModelSpec,
    Picture,
    Preview,
    Progress,
    PromptStyle,
    Rating,
    Request,
    Started,
    Task,
)

__all__ = [
    "MAX_LORAS",
    "MAX_LORA_WEIGHT",
    "MAX_SEED",
    "SEEN",
    "Cancelled",
    "Catalogue",
    "Defaults",
    "Event",
    "Failed",
    "Finished",
    "GenerationError",
    "Inspector",
    "Job",
    "Limits",
    "LoraSpec",
    "ModelError",
    "ModelSpec",
    "Parameters",
    "Picture",
    "PictureError",
    "Pin",
    "Preview",
    "Progress",
    "PromptStyle",
    "Rating",
    "Request",
    "RequestError",
    "Service",
    "Started",
    "Task",
    "downloads",
    "forget",
    "images",
    "matching",
    "read_models",
    "read_pins",
    "resembling",
    "write_pins",
]
