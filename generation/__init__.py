"""Pictures from requests. What stands here is all that others may import; none of it loads torch."""

from . import downloads, images, machine, model_file
from .catalogue import Catalogue, fewest_steps, matching, resembling
from .catalogue_files import read_models
from .errors import GenerationError, ModelError, PictureError, RequestError, Sentence, SentenceError
from .events import Cancelled, Event, Failed, Finished, Noted, Preview, Progress, Started
from .image_sandbox import Inspector
from .machine import give_back
from .metadata import Parameters
from .pins import Pin, forget, read_pins, write_pins
from .profile import Measured, read_profile
from .service import Service
from .types import (
    MAX_LORA_WEIGHT,
    MAX_LORAS,
    MAX_SEED,
    SEEN,
    Defaults,
    Job,
    Limits,
    Loading,
    LoraSpec,
    ModelSpec,
    Offload,
    Picture,
    Precision,
    PromptStyle,
    Rating,
    Request,
    Task,
)
from .workers.cluster import ClusterState
from .workers.node_messages import Card, ClusterConfig, WorkerState
from .workers.survey import survey

__all__ = [
    "MAX_LORAS",
    "MAX_LORA_WEIGHT",
    "MAX_SEED",
    "SEEN",
    "Cancelled",
    "Card",
    "Catalogue",
    "ClusterConfig",
    "ClusterState",
    "Defaults",
    "Event",
    "Failed",
    "Finished",
    "GenerationError",
    "Inspector",
    "Job",
    "Limits",
    "Loading",
    "LoraSpec",
    "Measured",
    "ModelError",
    "ModelSpec",
    "Noted",
    "Offload",
    "Parameters",
    "Picture",
    "PictureError",
    "Pin",
    "Precision",
    "Preview",
    "Progress",
    "PromptStyle",
    "Rating",
    "Request",
    "RequestError",
    "Sentence",
    "SentenceError",
    "Service",
    "Started",
    "Task",
    "WorkerState",
    "downloads",
    "fewest_steps",
    "forget",
    "give_back",
    "images",
    "machine",
    "matching",
    "model_file",
    "read_models",
    "read_pins",
    "read_profile",
    "resembling",
    "survey",
    "write_pins",
]
